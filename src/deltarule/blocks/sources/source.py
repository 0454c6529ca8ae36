"""What every source of rows offers: its columns, its number of rows, and its rows in order, chunk by chunk."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, BinaryIO, NamedTuple, Protocol

import numpy as np

from deltarule.common.arrays import Array
from deltarule.common.errors import InputError

__all__ = [
    "Asked",
    "Chunk",
    "Coded",
    "GivenSource",
    "Reopened",
    "Source",
    "columns_of",
    "missing_column",
    "missing_in_file",
]


@dataclass(frozen=True)
class Asked:
    """What is to be read of a source.

    Attributes
    ----------
    target : str, tuple of str, or None
        Name of the column to predict, or names of several columns of quantities or 0/1 labels. None: a prediction, for
        which X alone is read; or `Blocks`, which hold y themselves.
    weight : str, optional
        Name of the column of weights.
    is_coded : bool
        Whether the target is one column of labels, which are kept as codes.
    features : tuple of str, optional
        Names of the columns of X, in this order. Default: all that are neither target nor weight.
    is_prediction : bool
        Whether X alone is needed, also of a source that holds y.
    """

    target: str | tuple[str, ...] | None = None
    weight: str | None = None
    is_coded: bool = False
    features: tuple[str, ...] | None = None
    is_prediction: bool = False

    @property
    def targets(self) -> tuple[str, ...]:
        """Names of the columns to predict."""
        return (self.target,) if isinstance(self.target, str) else self.target or ()


class Coded(NamedTuple):
    """Labels of rows as places in a list of the different labels; −1 stands for a gap."""

    places: Array
    values: Sequence[Any]


class Chunk(NamedTuple):
    """Some consecutive rows: X of shape (rows, n_features), y coded or of shape (rows, K), and weights."""

    X: Array
    y: Coded | Array | None
    weights: Array | None


class Source(Protocol):
    """Rows in order, which can be read again and again."""

    @property
    def names(self) -> tuple[str, ...] | None:
        """Names of the columns of X."""

    @property
    def n_features(self) -> int:
        """Number of columns of X."""

    @property
    def rows(self) -> int:
        """Number of rows."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """float32 if every column of X is float32 or narrower, else float64."""

    @property
    def fingerprint(self) -> str | None:
        """A text that changes when the source changes; None if that cannot be known."""

    @property
    def identity(self) -> str | None:
        """A text that tells the source from others, whatever its state; None for a source that has no name."""

    def chunks(self, dtype: np.dtype[Any]) -> Iterator[Chunk]:
        """Return all rows in order; X has a dtype, in which numbers beyond its range are infinite."""

    def place(self, row: int) -> str:
        """Return where a row is, in the user's words."""


class GivenSource(ABC):
    """A source that floors above make, which `fit` and `predict` take as X; it holds y and the weights itself."""

    @abstractmethod
    def source_for(self, asked: Asked) -> Source:
        """Return the rows as `asked` says."""


class Reopened(ABC):
    """Bytes without a path that can be opened again and again; its text is their name.

    Attributes
    ----------
    size : int
    """

    size: int

    @abstractmethod
    def open(self) -> BinaryIO:
        """Return a file of its own, at its beginning."""


def columns_of(there: Sequence[str], asked: Asked, where: str) -> tuple[str, ...]:
    """Return the names of the columns of X.

    Raises
    ------
    InputError
        If a column is missing, or nothing is left for X.
    """
    named = [*asked.targets, *([] if asked.weight is None else [asked.weight])]
    used = [*named, *(asked.features or ())]
    for name in used:
        if name not in there:
            why = "" if name in named else ", which the model was trained on"
            what = "Name one that is there" if name in named else "Rename the column that is meant, or add it"
            raise InputError(missing_column(where, name, there, why, what))
    if asked.features is not None:
        return asked.features
    features = tuple(name for name in there if name not in used)
    if not features:
        raise InputError(f"{where} has no column besides {', '.join(map(repr, used))}. Give at least one feature.")
    return features


def missing_column(where: str, name: str, there: Sequence[str], why: str, what: str) -> str:
    """Return the message that rows lack a column, with similar names first: why it belongs there, and what to do."""
    closest = get_close_matches(name, there, n=3, cutoff=0.5)
    named = ", ".join(map(repr, (closest + [one for one in there if one not in closest])[:8]))
    return f"{where} has no column {name!r}{why}. It has {len(there)}: {named}. {what}."


def missing_in_file(where: str, name: str, there: Sequence[str], first: str) -> str:
    """Return the message that one of several files lacks a column of the first."""
    return missing_column(where, name, there, f", which {first} has", "Give all files the same columns")
