"""The answers that the page gets, each as a frozen value.

Numbers to be read are float64 in JSON, whose shortest digits Python and JavaScript both read back exactly; numbers to
be painted are arrays, some of them of one byte with a range. `codec.py` writes answers as bytes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from deltarule.play.tours import Tour

__all__ = [
    "Answer",
    "Card",
    "Checked",
    "Done",
    "Exported",
    "Failed",
    "Frame",
    "Lines",
    "Miniature",
    "Opened",
    "Predictions",
    "Probed",
    "Ref",
    "Searched",
    "Started",
    "Token",
    "Told",
    "TraceLine",
    "Warped",
]


@dataclass(frozen=True, kw_only=True)
class Done:
    """A command was carried out, now or when it came first under this `id`."""

    kind: ClassVar[str] = "done"
    revision: int
    generation: int
    step: int
    running: bool
    id: str = ""


@dataclass(frozen=True, kw_only=True)
class Failed:
    """Why a request was not carried out: the library's own error, in a sentence that says what to do."""

    kind: ClassVar[str] = "failed"
    error: str
    message: str
    id: str = ""


@dataclass(frozen=True, kw_only=True)
class Opened:
    """What is open: the network, the data, the settings and the scene.

    `settings` has for each control its name, symbol, help, kind, range, default and value; `data` the names and counts
    of rows, columns and classes. The points, at most 2 000, stand in arrays: `rows` their numbers from 1, `X`
    (rows, features) in the units of the columns, `Y` the number of the class or the quantity, `held_out` 1 for rows of
    the validation set.
    """

    kind: ClassVar[str] = "opened"
    revision: int
    generation: int
    step: int
    scene: Mapping[str, Any]
    link: str
    network: Mapping[str, Any]
    data: Mapping[str, Any]
    settings: tuple[Mapping[str, Any], ...]
    notices: tuple[str, ...] = ()
    rows: NDArray[np.int32]
    X: NDArray[np.float64]
    Y: NDArray[np.float64]
    held_out: NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Frame:
    """The newest snapshot. What was not asked for is empty, or not among the arrays.

    Maps and thumbnails are bytes: value = low + byte/255 (high − low), with `map_range` and `thumbnail_ranges`.
    """

    kind: ClassVar[str] = "frame"
    revision: int
    generation: int
    branch: int
    step: int
    epoch: int
    batch: int
    steps_per_epoch: int
    last_step: int
    running: bool
    speed: float
    rate: float
    paused_because: str
    message: str
    diverged_at: int | None
    cost: Mapping[str, float | None]
    score: Mapping[str, Any]
    map_of: str = ""
    map_range: tuple[float, float] | None = None
    map_extent: tuple[float, float, float, float] | None = None
    thumbnail_ranges: tuple[tuple[float, float], ...] = ()
    map: NDArray[np.uint8] | None = None
    thumbnails: NDArray[np.uint8] | None = None
    theta: NDArray[np.float64] | None = None
    edges: NDArray[np.int32] | None = None
    edge_values: NDArray[np.float64] | None = None
    edges_left_out: int = 0
    saturation: NDArray[np.float64] | None = None
    curve: NDArray[np.float64] | None = None


@dataclass(frozen=True)
class Ref:
    """A quantity of the algorithm: a symbol, its layer and its indices, all counted from 1; j = 0 is the bias unit."""

    symbol: str
    layer: int = 0
    i: int = 0
    j: int = -1


@dataclass(frozen=True)
class Token:
    """A piece of a line: text, and for a number its exact value and the quantity that it is."""

    kind: Literal["symbol", "number", "operator"]
    text: str
    value: float | None = None
    ref: Ref | None = None


@dataclass(frozen=True, kw_only=True)
class TraceLine:
    """A line of the algorithm: what it writes, from what, in symbols, in numbers, and in spoken words."""

    number: int
    equation: str
    phase: str
    level: str
    layer: int
    unit: int
    writes: Ref
    reads: tuple[Ref, ...]
    symbols: tuple[Token, ...]
    numbers: tuple[Token, ...]
    result: Token
    value: float
    spoken: str
    saturated: bool = False
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Lines:
    """Lines of the algorithm for one example of the batch at the present step; `total` of them there are."""

    kind: ClassVar[str] = "lines"
    revision: int
    generation: int
    step: int
    example: int
    examples: tuple[int, ...]
    label: str
    total: int
    phases: tuple[tuple[str, int], ...]
    lines: tuple[TraceLine, ...]
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Searched:
    """J along the direction of the next step: the slice J(θ + α d), and the steps that the solver tried on it.

    `tried` has (α, J, slope along d) of each; the first step is tried first. `taken` is the place of the one that was
    taken, from 0. `most` is J + c₁ α d·D, the line below which J falls enough, as its J at 0 and its slope. All of it
    is empty, and `note` says why, where no step is searched for.
    """

    kind: ClassVar[str] = "searched"
    revision: int
    generation: int
    step: int
    solver: str = ""
    tried: tuple[tuple[float, float, float], ...] = ()
    taken: int = -1
    slope: float = 0.0
    most: tuple[float, float] = (0.0, 0.0)
    note: str = ""
    alpha: NDArray[np.float64] | None = None
    J: NDArray[np.float64] | None = None


@dataclass(frozen=True, kw_only=True)
class Probed:
    """z and a of each layer at a point; `z[0]` is that of layer 2, `a[0]` is x as the network sees it."""

    kind: ClassVar[str] = "probed"
    revision: int
    generation: int
    x: tuple[float, ...]
    z: tuple[tuple[float, ...], ...]
    a: tuple[tuple[float, ...], ...]
    says: str


@dataclass(frozen=True, kw_only=True)
class Checked:
    """The result of a gradient check; `layers` has the largest deviation by layer."""

    kind: ClassVar[str] = "checked"
    revision: int
    generation: int
    passed: bool
    text: str
    compared: int
    layers: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, kw_only=True)
class Predictions:
    """Predictions of rows, largest cost first.

    `rows` are their numbers from 1; `h` is (rows, K); `costs` ℓ; `truth` and `predicted` are numbers of classes or
    quantities. `confusion` counts true classes in rows against predicted ones in columns.
    """

    kind: ClassVar[str] = "predictions"
    revision: int
    generation: int
    labels: tuple[str, ...]
    total: int
    measures: Mapping[str, float | None]
    reliability: tuple[Mapping[str, float], ...]
    rows: NDArray[np.int32]
    truth: NDArray[np.float64]
    predicted: NDArray[np.float64]
    h: NDArray[np.float64]
    costs: NDArray[np.float64]
    confusion: NDArray[np.int32] | None = None


@dataclass(frozen=True, kw_only=True)
class Warped:
    """The plane of two features as two units see it.

    `across` are the lines along the first feature, `up` those along the second, of shape (lines, points, 2), to be
    painted; `at` (rows, 2) is what the units make of the examples whose numbers are `rows`, `Y` their classes or
    quantities, as in `Opened`; `extent` spans everything: x₀, x₁, y₀, y₁.
    """

    kind: ClassVar[str] = "warped"
    revision: int
    generation: int
    layer: int
    units: tuple[int, int]
    extent: tuple[float, float, float, float]
    across: NDArray[np.float32]
    up: NDArray[np.float32]
    rows: NDArray[np.int32]
    at: NDArray[np.float64]
    Y: NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Exported:
    """A file: its name, its type, and its bytes; `text` too where it is short enough to show, such as a link."""

    kind: ClassVar[str] = "exported"
    revision: int
    generation: int
    name: str
    mime: str
    note: str = ""
    text: str = ""
    bytes: NDArray[np.uint8] = field(default_factory=lambda: np.empty(0, np.uint8))


@dataclass(frozen=True, kw_only=True)
class Told:
    """The tours, whole."""

    kind: ClassVar[str] = "tours"
    tours: tuple[Tour, ...]


@dataclass(frozen=True)
class Card:
    """A scene to begin with: title, what is to be seen, its link, and the steps of its picture."""

    title: str
    about: str
    scene: str
    steps: int


@dataclass(frozen=True, kw_only=True)
class Started:
    """What the screen Start offers: scenes, the first scene of each tour, and points to go on drawing."""

    kind: ClassVar[str] = "started"
    cards: tuple[Card, ...]
    tours: tuple[Card, ...]
    drawn: str


@dataclass(frozen=True, kw_only=True)
class Miniature:
    """The small picture of a scene: its network, and at some steps J and the map.

    `maps` are bytes of shape (steps, planes, rows, columns), as the map `decision` of a frame, with a range each; `X`
    has the one or two features of the axes, `Y` as in `Opened`, for the examples whose numbers are `rows`.
    """

    kind: ClassVar[str] = "miniature"
    says: str
    classes: tuple[str, ...] | None
    steps: tuple[int, ...]
    costs: tuple[float, ...]
    ranges: tuple[tuple[float, float], ...]
    extent: tuple[float, float, float, float]
    maps: NDArray[np.uint8]
    X: NDArray[np.float64]
    Y: NDArray[np.float64]
    rows: NDArray[np.int32]
    held_out: NDArray[np.uint8]


Answer: TypeAlias = (
    Done
    | Failed
    | Opened
    | Frame
    | Lines
    | Searched
    | Probed
    | Checked
    | Predictions
    | Warped
    | Exported
    | Told
    | Started
    | Miniature
)
