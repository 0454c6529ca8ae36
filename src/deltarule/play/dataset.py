"""The rows of a scene: drawn, from a table, or of a model; with names, units and the rows that are held out."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltarule.common.arrays import Array
from deltarule.common.errors import InputError
from deltarule.estimators.splitting import split_off_validation
from deltarule.play.scene import Points, Scene, Toy
from deltarule.play.toys import TOYS, draw

__all__ = ["Dataset", "drawn_dataset", "split_rows"]

SOME_ROWS = 1000
"""Most training rows on which the values of units are measured."""

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

BARS = tuple(f"{kind} {n}" for kind in ("row", "column") for n in range(1, 5))


@dataclass(frozen=True, eq=False)
class Dataset:
    """Rows to learn from and rows to look at.

    Attributes
    ----------
    name : str
    features : tuple of str
        Names of the columns of X.
    X : array of shape (m, n)
        As the network takes them.
    y : array of shape (m,)
        Labels, or quantities as the network takes them.
    is_held_out : array of shape (m,), bool
    classes : array or None
        The labels, ascending; None for a quantity.
    class_names : tuple of str
    target : str
    centre, width : arrays of shape (n,)
        A value in the units of its column is centre + width · x.
    mean, deviation : float
        A quantity in its own units is mean + deviation · y.
    columns : tuple of mappings
        What is said of the columns of a table.
    model : TableModel or None
        Encoder and form of the table that the rows are of, for model files.
    rows : array of shape (m,)
        Numbers of the rows in the table, from 1.
    codes : tuple of int
        Places of the features that stand for words, and are whole numbers.
    notices : tuple of str
    """

    name: str
    features: tuple[str, ...]
    X: Array
    y: NDArray[Any]
    is_held_out: NDArray[np.bool_]
    classes: NDArray[Any] | None
    class_names: tuple[str, ...] = ()
    target: str = "y"
    centre: Array = field(default_factory=lambda: np.zeros(0))
    width: Array = field(default_factory=lambda: np.ones(0))
    mean: float = 0.0
    deviation: float = 1.0
    columns: tuple[Mapping[str, Any], ...] = ()
    model: Any = None
    rows: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    codes: tuple[int, ...] = ()
    notices: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        n = self.X.shape[1]
        # Columns of a frame lie one after the other; the compiled core takes rows.
        object.__setattr__(self, "X", np.ascontiguousarray(self.X, dtype=np.float64))
        if len(self.centre) != n:
            object.__setattr__(self, "centre", np.zeros(n))
            object.__setattr__(self, "width", np.ones(n))
        if len(self.rows) != len(self.X):
            object.__setattr__(self, "rows", np.arange(1, len(self.X) + 1))

    @property
    def is_classes(self) -> bool:
        """Whether the target is a label."""
        return self.classes is not None

    @cached_property
    def training(self) -> NDArray[np.intp]:
        """Places of the rows to learn from, ascending: the order in which the network is given them."""
        return np.flatnonzero(~self.is_held_out)

    @cached_property
    def held_out(self) -> NDArray[np.intp]:
        """Places of the rows that are only looked at."""
        return np.flatnonzero(self.is_held_out)

    @cached_property
    def looked_at(self) -> Array:
        """X of some rows to learn from, in float32."""
        with np.errstate(over="ignore"):
            return self.X[self.training[:SOME_ROWS]].astype(np.float32)

    @cached_property
    def grids(self) -> OrderedDict[Any, Any]:
        """The grids that were last made over two features: see `maps.py`."""
        return OrderedDict()

    @cached_property
    def numbers(self) -> Array:
        """The target as numbers: that of the class, from 0, or the quantity in its own units."""
        if self.classes is None:
            return self.mean + self.deviation * self.y.astype(np.float64)
        return np.searchsorted(self.classes, self.y).astype(np.float64)

    def in_units(self, X: Array) -> Array:
        """Return inputs of the network in the units of their columns."""
        return np.asarray(self.centre + self.width * X)

    def as_inputs(self, values: Array) -> Array:
        """Return values in the units of their columns as inputs of the network."""
        return np.asarray((values - self.centre) / self.width)

    def label(self, place: int) -> str:
        """Return the target of a row in words: its class, or its quantity."""
        if self.classes is None:
            return f"{self.target} = {self.mean + self.deviation * float(self.y[place]):.4g}"
        return self.class_names[int(np.searchsorted(self.classes, self.y[place]))]


def drawn_dataset(scene: Scene) -> Dataset:
    """Return the rows of a toy or of points."""
    data = scene.data
    if isinstance(data, Toy):
        drawn = draw(data.name, data.n, data.classes, data.noise, data.seed)
        X, y, name = drawn.X, drawn.y, str(data.name)
        is_classes = TOYS[data.name].classes is not None
    else:
        assert isinstance(data, Points)
        X, y, name = np.array(data.x, dtype=np.float64), np.array(data.y, dtype=np.float64), "points"
        is_classes = data.task == "classify"
    labels = y.astype(np.int64) if is_classes else y
    held, notices = split_rows(labels if is_classes else None, len(y), scene.split, scene.seed)
    classes = np.unique(labels) if is_classes else None
    return Dataset(
        name=name,
        features=tuple(f"x{n}" for n in range(1, X.shape[1] + 1)),
        X=X,
        y=labels,
        is_held_out=held,
        classes=classes,
        class_names=() if classes is None else named_labels(classes, BARS if name == "bars" else tuple(LETTERS)),
        target="class" if is_classes else "y",
        notices=notices,
    )


def named_labels(classes: NDArray[Any], names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of classes that are numbers from 0."""
    return tuple(names[int(label)] for label in classes)


def split_rows(
    labels: NDArray[Any] | None, m: int, share: float, seed: int
) -> tuple[NDArray[np.bool_], tuple[str, ...]]:
    """Return which rows are held out, and a sentence where none is because there are too few."""
    held = np.zeros(m, dtype=bool)
    if share == 0:
        return held, ()
    try:
        _, chosen = split_off_validation(m, share, seed, labels)
    except (InputError, ValueError):
        return held, (f"No row is held out: {m} rows are too few to hold {share:.0%} out.",)
    held[chosen] = True
    if labels is not None and len(np.unique(labels[~held])) < len(np.unique(labels)):
        return np.zeros(m, dtype=bool), ("No row is held out: a class would have no row left to learn from.",)
    return held, ()
