"""A scene: everything that a picture of the page depends on, as one value, which is also the link.

    #s=…      base64url(raw deflate(JSON)), where the JSON is {"v": 1, …} without what has its default, keys sorted

A user's table is never in a scene: its name, columns and SHA-256 are, and whoever opens the scene is asked for the
file.
"""

import base64
import binascii
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from deltarule.common.arrays import Array
from deltarule.common.errors import InputError, SettingsError
from deltarule.play.plain import of_plain, to_plain
from deltarule.play.toys import TOYS
from deltarule.play.units import read_units
from deltarule.training.settings import SETTINGS, Settings

__all__ = ["LONGEST_LINK", "Cursor", "Points", "Scene", "Table", "Toy", "View", "scene_of_link", "settings_of_scene"]

VERSION = 1

LONGEST_LINK = 8000
"""Most characters of a link: other programs cut longer ones, so a longer scene goes into a file."""

MOST_CHARACTERS, MOST_BYTES = 400_000, 262_144
"""Most characters of a link that is read, and most bytes that it may inflate to."""

MOST_LAYERS, MOST_UNITS, MOST_ROWS, MOST_POINTS, MOST_FEATURES = 20, 2048, 10_000, 2000, 64

PLAYED = {
    "learning_rate_init": 0.01,
    "batch_size": 32,
    "n_iter_no_change": float("inf"),
    "dtype": "float64",
}
"""What a scene has instead of the library's defaults: larger steps, because the data are small; smaller batches; no
stopping rule; and numbers with all their digits."""

NOT_PLAYED = frozenset(["engine", "n_threads", "early_stopping", "validation_fraction", "on_divergence"])
"""Settings that a scene does not have: those of a machine, and those whose work the page does itself."""


@dataclass(frozen=True)
class Toy:
    """Rows that are drawn from a seed."""

    kind: Literal["toy"] = "toy"
    name: Literal["blobs", "ring", "spiral", "moons", "xor", "bars", "line", "wave"] = "spiral"
    n: int = 300
    classes: int = 3
    noise: float = 0.05
    seed: int = 0


@dataclass(frozen=True)
class Points:
    """Rows that somebody drew or pasted; `y` are numbers of classes from 0, or quantities."""

    kind: Literal["points"] = "points"
    x: tuple[tuple[float, ...], ...] = ()
    y: tuple[float, ...] = ()
    task: Literal["classify", "regress"] = "classify"


@dataclass(frozen=True)
class Table:
    """A table that the scene does not hold, and how to recognise it."""

    kind: Literal["table"] = "table"
    name: str = ""
    target: str = ""
    columns: tuple[str, ...] = ()
    rows: int = 0
    sha256: str = ""


@dataclass(frozen=True)
class Cursor:
    """Where one looks: the step of training, the example, and the line of the algorithm."""

    step: int = 0
    example: int = 1
    level: Literal["network", "layer", "unit", "term"] = "unit"
    line: int = 0


@dataclass(frozen=True)
class View:
    """How one looks: the screen, the unit whose map is large, the features of the axes, and what is hidden."""

    screen: Literal["start", "watch", "follow", "table", "classes"] = "watch"
    unit: tuple[int, int] = (0, 0)
    features: tuple[int, int] = (1, 2)
    digits: int = 3
    guess: bool = False
    hide: tuple[str, ...] = ()


_DATA: Mapping[str, type[Any]] = {"toy": Toy, "points": Points, "table": Table}


@dataclass(frozen=True)
class Scene:
    """One network, its data, how it is trained, and where one looks.

    Attributes
    ----------
    data : Toy, Points or Table
    split : float
        Share of the rows that are held out, and only looked at.
    hidden : tuple of int
    unit : str
    output : str
    training : mapping
        Settings of training that differ from those of `settings_of_scene({})`.
    seed : int
        Of the first weights and of the order of the rows: that of `random_state`.
    theta : str
        θ to begin with instead, as base64 of little-endian float64; empty for the weights of the seed.
    at : Cursor
    view : View
    """

    data: Any = field(default_factory=Toy)
    split: float = 0.2
    hidden: tuple[int, ...] = (8, 8)
    unit: str = "tanh"
    output: Literal["auto", "sigmoid", "softmax", "identity"] = "auto"
    training: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    theta: str = ""
    at: Cursor = field(default_factory=Cursor)
    view: View = field(default_factory=View)

    def __post_init__(self) -> None:
        _check(0 <= self.split <= 0.9, f"split={self.split} is not in [0, 0.9]")
        _check(len(self.hidden) <= MOST_LAYERS, f"{len(self.hidden)} hidden layers are more than {MOST_LAYERS}")
        for units in self.hidden:
            _check(1 <= units <= MOST_UNITS, f"a hidden layer of {units} units is not of 1 to {MOST_UNITS}")
        read_units(self.unit, len(self.hidden))
        _check(0 <= self.seed < 2**32, f"seed={self.seed} is not in [0, 2³²)")
        _check_data(self.data)
        settings_of_scene(self.training)

    @property
    def settings(self) -> Settings:
        """The settings of training, checked."""
        return settings_of_scene(self.training)

    def with_theta(self, theta: Array | None) -> "Scene":
        """Return the scene that begins with these parameters; None for those of the seed."""
        packed = "" if theta is None else base64.b64encode(np.asarray(theta, dtype="<f8").tobytes()).decode()
        return replace(self, theta=packed)

    def theta_of(self, n_parameters: int) -> Array | None:
        """Return θ to begin with; None if the seed says it.

        Raises
        ------
        InputError
            If the scene has other parameters than its network.
        """
        if not self.theta:
            return None
        try:
            theta = np.frombuffer(base64.b64decode(self.theta, validate=True), "<f8").astype(np.float64)
        except (binascii.Error, ValueError) as error:
            raise InputError("The weights of the scene are cut. Copy the whole link, or take one without.") from error
        if len(theta) != n_parameters or not np.isfinite(theta).all():
            raise InputError(
                f"The scene holds {len(theta)} weights, but its network has {n_parameters} finite ones. Take the link "
                "of the same network, or one without weights."
            )
        return theta

    def to_content(self) -> dict[str, Any]:
        """Return the scene as plain data without defaults."""
        content = to_plain(self)
        if self.data != Toy():
            content["data"] = {"kind": self.data.kind, **to_plain(self.data)}
        if self.training:
            content["training"] = {name: _written(value) for name, value in self.training.items()}
        return {"v": VERSION, **content}

    @classmethod
    def from_content(cls, content: Any) -> "Scene":
        """Return the scene that plain data describes.

        Raises
        ------
        InputError, SettingsError
            If it is of a later version, has a field that is not known, or a value outside its range.
        """
        if not isinstance(content, dict) or "v" not in content:
            raise InputError("This is not a scene of deltarule: it has no version 'v'.")
        version = content["v"]
        if version != VERSION:
            raise InputError(
                f"The scene is of version {str(version)[:20]}, and this deltarule reads version {VERSION}. Upgrade "
                "deltarule, or open the scene where it was made."
            )
        rest = {name: value for name, value in content.items() if name != "v"}
        data = rest.pop("data", {})
        kind = data.get("kind", "toy") if isinstance(data, dict) else None
        if not (isinstance(kind, str) and kind in _DATA):
            raise InputError(f"The scene's data are of the kind {str(kind)[:40]!r}. Known are {', '.join(_DATA)}.")
        if isinstance(rest.get("training"), dict):
            rest["training"] = {name: _read(value) for name, value in rest["training"].items()}
        scene = of_plain(cls, rest, "scene")
        return replace(scene, data=of_plain(_DATA[kind], data, "scene.data"))

    def to_link(self) -> str:
        """Return the part of an address after `#`: `s=…`."""
        text = json.dumps(self.to_content(), sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False)
        squeezer = zlib.compressobj(9, zlib.DEFLATED, -15)
        packed = squeezer.compress(text.encode()) + squeezer.flush()
        return "s=" + base64.urlsafe_b64encode(packed).decode().rstrip("=")


def scene_of_link(link: str) -> Scene:
    """Return the scene of a link, given whole, from `#` on, or from `s=` on.

    Raises
    ------
    InputError, SettingsError
        If it is cut, too large, of a later version, or none at all.

    Examples
    --------
    >>> scene = Scene(hidden=(4,), seed=7)
    >>> scene_of_link("http://localhost/#" + scene.to_link()) == scene
    True
    """
    if len(link) > MOST_CHARACTERS:
        raise InputError(f"The link has {len(link)} characters, more than the {MOST_CHARACTERS} of any scene.")
    packed = link.strip().rpartition("#")[2]
    packed = next((part[2:] for part in packed.split("&") if part.startswith("s=")), packed)
    try:
        squeezed = base64.b64decode(packed + "=" * (-len(packed) % 4), altchars=b"-_", validate=True)
        inflater = zlib.decompressobj(-15)
        text = inflater.decompress(squeezed, MOST_BYTES + 1)
        if len(text) > MOST_BYTES:
            raise InputError(f"The link inflates to more than {MOST_BYTES} bytes, the most of a scene.")
        if not inflater.eof:
            raise ValueError("cut")
        content = json.loads(text.decode())
    except InputError:
        raise
    except (ValueError, zlib.error, RecursionError) as error:
        raise InputError("The link is not whole, or is none of deltarule's. Copy it again, all of it.") from error
    return Scene.from_content(content)


def settings_of_scene(training: Mapping[str, Any]) -> Settings:
    """Return the settings of a scene, from what differs from its defaults.

    Raises
    ------
    SettingsError
        If a setting is unknown here or outside its range.
    """
    for name in training:
        if name not in SETTINGS or name in NOT_PLAYED:
            known = ", ".join(name for name in SETTINGS if name not in NOT_PLAYED)
            raise SettingsError(f"{str(name)[:40]!r} is not a setting of a scene. Known are {known}.")
    return Settings(**{**PLAYED, **training}, owner="the scene")


def _check(holds: bool, otherwise: str) -> None:
    if not holds:
        raise SettingsError(f"In the scene, {otherwise}.")


def _check_data(data: Any) -> None:
    if isinstance(data, Toy):
        _check(4 <= data.n <= MOST_ROWS, f"n={data.n} rows are not 4 to {MOST_ROWS}")
        _check(2 <= data.classes <= 10, f"classes={data.classes} are not 2 to 10")
        _check(0 <= data.noise <= 2, f"noise={data.noise} is not in [0, 2]")
        _check(0 <= data.seed < 2**32, f"the seed {data.seed} of the data is not in [0, 2³²)")
        _check(data.name in TOYS, f"the data {data.name!r} are not known")
    elif isinstance(data, Points):
        _check(len(data.x) == len(data.y), f"{len(data.x)} points have {len(data.y)} values y")
        _check(2 <= len(data.x) <= MOST_POINTS, f"{len(data.x)} points are not 2 to {MOST_POINTS}")
        widths = {len(row) for row in data.x}
        _check(len(widths) == 1 and 1 <= min(widths) <= MOST_FEATURES, f"points have {sorted(widths)[:4]} coordinates")
        if data.task == "classify":
            _check(len(set(data.y)) >= 2, "all points are of one class: draw some of another")
            _check(all(one in range(20) for one in data.y), "classes of points are not whole numbers of 0 to 19")
        else:
            _check(len(set(data.y)) >= 2, "all points have the same quantity y: draw some with another")
    else:
        _check(isinstance(data, Table), "the data are of no known kind")


def _written(value: Any) -> Any:
    """Return the value of a setting as JSON takes it."""
    return "inf" if isinstance(value, float) and value == float("inf") else value


def _read(value: Any) -> Any:
    """Return the value of a setting that `_written` wrote."""
    return float("inf") if value == "inf" else tuple(value) if isinstance(value, list) else value
