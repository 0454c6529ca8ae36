"""What the page asks for: a frozen value for each request.

A request is plain data with a field `ask`; `request_of` checks it and makes its value.
"""

import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, TypeAlias

from deltarule.common.errors import InputError
from deltarule.play.plain import of_plain

__all__ = [
    "Check",
    "Edit",
    "Export",
    "FrameOf",
    "MiniatureOf",
    "Open",
    "Pause",
    "Predict",
    "Probe",
    "Request",
    "Run",
    "SearchOf",
    "Seek",
    "Set",
    "Start",
    "Step",
    "Tours",
    "Trace",
    "Warp",
    "request_of",
]

LONGEST_ID = 64
"""Most characters of the `id` of a command."""


@dataclass(frozen=True, kw_only=True)
class Open:
    """Open a scene, a table, or a model; without any of them it describes what is open already, and changes nothing.

    `model` is a model file in base64; a table beside it has the rows on which the model is looked at.
    """

    ask: ClassVar[str] = "open"
    id: str = ""
    scene: str | None = None
    table_name: str | None = None
    table_text: str | None = None
    model_name: str | None = None
    model: str | None = None
    target: str | None = None


@dataclass(frozen=True, kw_only=True)
class FrameOf:
    """Ask for the newest snapshot; waits up to `wait` seconds for one of a revision above `after`."""

    ask: ClassVar[str] = "frame"
    after: int = -1
    wait: float = 0.25
    map: Literal["", "decision", "classes", "unit"] = ""
    unit: tuple[int, int] = (2, 1)
    features: tuple[int, int] = (1, 2)
    held_at: int = 0
    size: int = 100
    thumbnails: int = 0
    theta: bool = False
    strongest: int = 0
    curve_after: int = -1


@dataclass(frozen=True, kw_only=True)
class Run:
    """Begin to train, at so many steps a second; 0 means as fast as it goes."""

    ask: ClassVar[str] = "run"
    id: str = ""
    speed: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Pause:
    """Stop between two steps."""

    ask: ClassVar[str] = "pause"
    id: str = ""


@dataclass(frozen=True, kw_only=True)
class Step:
    """Go some steps or epochs on, or back where `by` is negative."""

    ask: ClassVar[str] = "step"
    id: str = ""
    level: Literal["step", "epoch"] = "step"
    by: int = 1


@dataclass(frozen=True, kw_only=True)
class Seek:
    """Go to a step of this branch, wherever it is; 0 is the start."""

    ask: ClassVar[str] = "seek"
    id: str = ""
    step: int = 0


@dataclass(frozen=True, kw_only=True)
class Edit:
    """Set Θ⁽ˡ⁾_ij to a value: a new branch of the timeline begins here."""

    ask: ClassVar[str] = "edit"
    id: str = ""
    layer: int
    i: int
    j: int
    value: float


@dataclass(frozen=True, kw_only=True)
class Set:
    """Set a setting of training, or a part of the scene.

    A setting of training (`learning_rate_init`, `alpha`, …) keeps Θ and begins a new branch. `hidden`, `unit`,
    `output`, `split`, `seed` and `data` begin at step 0 with a new network, and raise `generation`.
    """

    ask: ClassVar[str] = "set"
    id: str = ""
    setting: str
    value: Any = None


@dataclass(frozen=True, kw_only=True)
class Trace:
    """Ask for lines of the algorithm, `count` of them from number `start` on, at the present step."""

    ask: ClassVar[str] = "trace"
    example: int = 1
    start: int = 0
    count: int = 40
    level: Literal["network", "layer", "unit", "term"] = "unit"
    phase: str = ""
    digits: int = 3
    what_if: tuple[tuple[str, int, int, int, float], ...] = ()


@dataclass(frozen=True, kw_only=True)
class SearchOf:
    """Ask for J along the direction of the next step, with the steps that the solver tries on it."""

    ask: ClassVar[str] = "search"


@dataclass(frozen=True, kw_only=True)
class Probe:
    """Ask for z and a of every layer at any point x, in the units of the data's columns."""

    ask: ClassVar[str] = "probe"
    x: tuple[float, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Check:
    """Compare D with differences of J at this Θ on the training rows."""

    ask: ClassVar[str] = "check"
    parameters: int = 200


@dataclass(frozen=True, kw_only=True)
class Predict:
    """Ask for the predictions of rows, worst first, with confusion and reliability."""

    ask: ClassVar[str] = "predict"
    rows: Literal["all", "train", "validation"] = "all"
    most: int = 500


@dataclass(frozen=True, kw_only=True)
class Warp:
    """Ask for the plane of two features as two units of a layer see it: `lines` each way, each of so many points."""

    ask: ClassVar[str] = "warp"
    layer: int = 2
    units: tuple[int, int] = (1, 2)
    features: tuple[int, int] = (1, 2)
    held_at: int = 0
    lines: int = 13
    points: int = 49


@dataclass(frozen=True, kw_only=True)
class Export:
    """Ask for a file: see `KINDS` of `export.py`."""

    ask: ClassVar[str] = "export"
    kind: str = "link"
    weights: bool = False


@dataclass(frozen=True, kw_only=True)
class Tours:
    """Ask for the tours: texts with a scene for each step."""

    ask: ClassVar[str] = "tours"


@dataclass(frozen=True, kw_only=True)
class Start:
    """Ask for the scenes of the screen Start."""

    ask: ClassVar[str] = "start"


@dataclass(frozen=True, kw_only=True)
class MiniatureOf:
    """Ask for the small picture of a scene, given as a link: its map at some of the first `steps` steps."""

    ask: ClassVar[str] = "miniature"
    scene: str
    steps: int = 300
    size: int = 26


Request: TypeAlias = (
    Open
    | FrameOf
    | Run
    | Pause
    | Step
    | Seek
    | Edit
    | Set
    | Trace
    | SearchOf
    | Probe
    | Check
    | Predict
    | Warp
    | Export
    | Tours
    | Start
    | MiniatureOf
)

REQUESTS: Mapping[str, type[Any]] = {kind.ask: kind for kind in typing.get_args(Request)}
"""The classes of requests by their word."""


def request_of(content: Any) -> Request:
    """Return the request that plain data describes, each field of the type that it must have.

    Raises
    ------
    InputError
        If it is not a request of this version.

    Examples
    --------
    >>> request_of({"ask": "seek", "step": 12})
    Seek(id='', step=12)
    """
    if not isinstance(content, dict) or not isinstance(content.get("ask"), str):
        raise InputError("A request is an object with a field 'ask'.")
    kind = REQUESTS.get(content["ask"])
    if kind is None:
        raise InputError(f"ask={content['ask'][:40]!r} is not known. Ask for one of {', '.join(REQUESTS)}.")
    request: Request = of_plain(kind, {name: value for name, value in content.items() if name != "ask"}, kind.ask)
    if len(getattr(request, "id", "")) > LONGEST_ID:
        raise InputError(f"{kind.ask}.id is longer than {LONGEST_ID} characters.")
    return request
