"""What the value of a setting may be: each range says whether it holds a value, and what it is in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral, Real

import numpy as np

from deltarule.engines import engine_names

__all__ = ["Choice", "ClassWeights", "EngineChoice", "Flag", "Interval", "PerLayer"]


@dataclass(frozen=True)
class Interval:
    """Numbers from `low` to `high`; a bound that is `open` does not belong to it."""

    low: float
    high: float = np.inf
    open_low: bool = False
    open_high: bool = True
    whole: bool = False
    or_infinity: bool = False
    or_none: bool = False

    def holds(self, value: object) -> bool:
        """Whether a value is such a number."""
        if value is None:
            return self.or_none
        if isinstance(value, bool | np.bool_) or not isinstance(value, Real):
            return False
        try:
            number = float(value)
        except OverflowError:  # of a whole number or a fraction: no float is as large
            return False
        if self.or_infinity and number == np.inf:
            return True
        if self.whole and not isinstance(value, Integral):
            return False
        above = number > self.low if self.open_low else number >= self.low
        below = number < self.high if self.open_high else number <= self.high
        return above and below

    def __str__(self) -> str:
        kind = "an int" if self.whole else "a float"
        left, right = "(" if self.open_low else "[", ")" if self.open_high else "]"
        more = (" or inf" if self.or_infinity else "") + (" or None" if self.or_none else "")
        return f"{kind} in the range {left}{self.low:g}, {self.high:g}{right}{more}"


@dataclass(frozen=True)
class Choice:
    """One of a few words; with `or_else`, or such a number."""

    words: tuple[str, ...]
    or_else: Interval | None = None

    def holds(self, value: object) -> bool:
        """Whether a value is one of them."""
        if isinstance(value, str):
            return value in self.words
        return self.or_else is not None and self.or_else.holds(value)

    def __str__(self) -> str:
        words = "a str among {" + ", ".join(repr(word) for word in self.words) + "}"
        return words if self.or_else is None else f"{words} or {self.or_else}"


@dataclass(frozen=True)
class Flag:
    """True or False."""

    def holds(self, value: object) -> bool:
        """Whether a value is one of them."""
        return isinstance(value, bool | np.bool_)

    def __str__(self) -> str:
        return "True or False"


@dataclass(frozen=True)
class EngineChoice:
    """The name of an engine, or what makes one."""

    def holds(self, value: object) -> bool:
        """Whether a value is one of them."""
        return callable(value) or (isinstance(value, str) and value in engine_names())

    def __str__(self) -> str:
        return f"{Choice(engine_names())} or a callable (network, n_threads) -> Engine"


@dataclass(frozen=True)
class PerLayer:
    """One such number for all hidden layers, or one for each."""

    each: Interval

    def holds(self, value: object) -> bool:
        """Whether a value is one of them."""
        if isinstance(value, Sequence | np.ndarray) and not isinstance(value, str):
            return getattr(value, "ndim", 1) > 0 and all(self.each.holds(one) for one in value)
        return self.each.holds(value)

    def __str__(self) -> str:
        return f"{self.each}, or a sequence of such, one for each hidden layer"


@dataclass(frozen=True)
class ClassWeights:
    """What the examples of a class weigh: None, "balanced", or a number for each label."""

    def holds(self, value: object) -> bool:
        """Whether a value is one of them."""
        if isinstance(value, Mapping):
            return all(Interval(0).holds(weight) for weight in value.values())
        return value is None or (isinstance(value, str) and value == "balanced")

    def __str__(self) -> str:
        return "None, 'balanced' or a dict from labels to weights, finite and 0 or more"
