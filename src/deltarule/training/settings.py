"""Every setting of training: declared once, with default, range, symbol and one line of help.

Estimators, command line and documentation take their defaults and words from here, and a test checks that they do.
Names and defaults are scikit-learn's if it has the setting.
"""

from collections.abc import Mapping, Sequence
from dataclasses import InitVar, dataclass, field, fields
from numbers import Integral, Real
from typing import Any, Literal

import numpy as np

from deltarule.common.errors import SettingsError
from deltarule.engines import EngineMaker, engine_names

__all__ = [
    "CLASSIFIER_SETTINGS",
    "MINI_BATCH_SOLVERS",
    "SETTINGS",
    "Flag",
    "Setting",
    "Settings",
    "check_setting",
]


MINI_BATCH_SOLVERS = ("sgd", "adam")
"""Solvers whose epoch is many steps; the others use the whole training set for each step."""


@dataclass(frozen=True)
class _Interval:
    """Numbers from `low` to `high`; an open bound is excluded."""

    low: float
    high: float = np.inf
    open_low: bool = False
    open_high: bool = True
    whole: bool = False
    or_infinity: bool = False
    or_none: bool = False

    def holds(self, value: object) -> bool:
        """Whether a value is in the interval."""
        if value is None:
            return self.or_none
        if isinstance(value, bool | np.bool_) or not isinstance(value, Real):
            return False
        try:
            number = float(value)
        except OverflowError:  # an int or a fraction may be larger than any float
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
class _Choice:
    """One of a few words, or a number in `or_else`."""

    words: tuple[str, ...]
    or_else: _Interval | None = None

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
class _EngineChoice:
    """The name of an engine, or a function that makes one."""

    def holds(self, value: object) -> bool:
        """Whether a value is one of them."""
        return callable(value) or (isinstance(value, str) and value in engine_names())

    def __str__(self) -> str:
        return f"{_Choice(engine_names())} or a callable (network, n_threads) -> Engine"


@dataclass(frozen=True)
class _PerLayer:
    """One number in `each` for all hidden layers, or one for each layer."""

    each: _Interval

    def holds(self, value: object) -> bool:
        """Whether a value is one of them."""
        if isinstance(value, Sequence | np.ndarray) and not isinstance(value, str):
            return getattr(value, "ndim", 1) > 0 and all(self.each.holds(one) for one in value)
        return self.each.holds(value)

    def __str__(self) -> str:
        return f"{self.each}, or a sequence of such, one for each hidden layer"


@dataclass(frozen=True)
class _ClassWeights:
    """The weight of the examples of a class: None, "balanced", or a number for each label."""

    def holds(self, value: object) -> bool:
        """Whether a value is one of them."""
        if isinstance(value, Mapping):
            return all(_FROM_0.holds(weight) for weight in value.values())
        return value is None or (isinstance(value, str) and value == "balanced")

    def __str__(self) -> str:
        return "None, 'balanced' or a dict from labels to weights, finite and 0 or more"


_Range = _Interval | _Choice | _EngineChoice | Flag | _PerLayer | _ClassWeights


@dataclass(frozen=True)
class Setting:
    """One setting: its range, its default, its symbol in the notes, and what it does.

    Attributes
    ----------
    name : str
    default : object
    range : a range
    help : str
    symbol : str
        Symbol in the notes; may be empty.
    word : str
        Its name on the command line, with underscores; by default `name`.
    is_common : bool
        Whether it is shown to beginners.
    changes_steps : bool
        Whether a run that continues with another value takes other steps.
    belongs_to : "model" or "machine"
        Settings that belong to a machine are not stored in a model.
    """

    name: str
    default: Any
    range: _Range
    help: str
    symbol: str = ""
    word: str = ""
    is_common: bool = False
    changes_steps: bool = True
    belongs_to: Literal["model", "machine"] = "model"

    def __post_init__(self) -> None:
        object.__setattr__(self, "word", self.word or self.name)

    @property
    def option(self) -> str:
        """The option of the command line: `--learning-rate`."""
        return f"--{self.word.replace('_', '-')}"

    @property
    def is_composed(self) -> bool:
        """Whether a value may be more than one word or one number, so that the command line takes it as text."""
        return isinstance(self.range, _PerLayer | _ClassWeights) or getattr(self.range, "or_else", None) is not None


def _setting(default: Any, range_: _Range, help_: str, symbol: str = "", **more: Any) -> Any:
    return field(default=default, metadata={"range": range_, "help": help_, "symbol": symbol, **more})


_FRACTION = _Interval(0, 1)
_FROM_0 = _Interval(0)
_ABOVE_0 = _Interval(0, open_low=True)
_COUNT = _Interval(1, whole=True)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How to minimise J, checked: every field is within its range, and plain (no NumPy number or array).

    Raises
    ------
    SettingsError
        If a value is outside its range; the message names the setting, the range and the value.

    Examples
    --------
    >>> Settings(alpha=-1)
    Traceback (most recent call last):
    deltarule.common.errors.SettingsError: The 'alpha' parameter of Settings must be a float in the range [0, inf).
    Got -1 instead. (λ: strength of the penalty λ/2m Σ Θ².)
    """

    solver: str = _setting(
        "adam",
        _Choice(("lbfgs", "sgd", "adam", "cg", "gd")),
        "mini-batches: adam, sgd; the whole training set at once: lbfgs, cg, gd",
        is_common=True,
    )
    alpha: float = _setting(1e-4, _FROM_0, "strength of the penalty λ/2m Σ Θ²", "λ", word="lambda", is_common=True)
    batch_size: int | str = _setting(
        "auto",
        _Choice(("auto",), _COUNT),
        "examples of a mini-batch; auto: 200, or all if there are fewer",
        is_common=True,
    )
    learning_rate: str = _setting(
        "constant",
        _Choice(("constant", "invscaling", "adaptive", "cosine", "one_cycle")),
        "step size over time; invscaling (sgd, gd): η/t^power_t; adaptive: a fifth of it where training would stop for "
        "want of progress (sgd), a line search that never lets J rise (gd); cosine (sgd, adam, gd): down to 0 over "
        "max_iter epochs; one_cycle: up, then down",
    )
    learning_rate_init: float = _setting(
        1e-3, _ABOVE_0, "step size of sgd, adam and gd: the first, of one_cycle the largest", "η", is_common=True
    )
    power_t: float = _setting(0.5, _FROM_0, "exponent of invscaling: η/t^power_t")
    max_iter: int = _setting(
        200,
        _COUNT,
        "epochs at most; iterations for lbfgs, cg and gd",
        word="epochs",
        is_common=True,
        changes_steps=False,  # except if a schedule spans the run
    )
    shuffle: bool = _setting(True, Flag(), "shuffle the examples before each epoch")
    tol: float = _setting(
        1e-4,
        _FROM_0,
        "an epoch must gain this much to count as progress; largest |D| at the end of lbfgs, cg, gd",
        is_common=True,
    )
    momentum: float = _setting(0.9, _Interval(0, 1, open_high=False), "momentum of sgd", "μ")
    nesterovs_momentum: bool = _setting(True, Flag(), "Nesterov's momentum for sgd")
    early_stopping: bool = _setting(
        False,
        Flag(),
        "hold examples out, stop when they no longer improve, and restore the best parameters",
        is_common=True,
    )
    validation_fraction: float = _setting(0.1, _FRACTION, "share of the examples that early stopping holds out")
    beta_1: float = _setting(0.9, _FRACTION, "decay of adam's mean of gradients", "β₁")
    beta_2: float = _setting(0.999, _FRACTION, "decay of adam's mean of squared gradients", "β₂")
    epsilon: float = _setting(1e-8, _ABOVE_0, "added to adam's divisor", "ε")
    n_iter_no_change: int = _setting(
        10,
        _Interval(1, whole=True, or_infinity=True),
        "epochs without progress before training stops",
        word="patience",
        is_common=True,
    )
    max_fun: int = _setting(15000, _COUNT, "evaluations of J at most, for lbfgs")
    warmup: float = _setting(0.0, _FROM_0, "epochs over which the step size of sgd and adam rises from 0")
    dropout: float | Sequence[float] = _setting(
        0.0,
        _PerLayer(_FRACTION),
        "share of the hidden units that each example does without in a step of sgd or adam",
        "p",
    )
    weight_decay: float = _setting(
        0.0, _FROM_0, "share of Θ, times η, that each step of sgd or adam takes off, apart from the gradient"
    )
    max_grad_norm: float | None = _setting(
        None, _Interval(0, open_low=True, or_none=True), "length to which sgd and adam shorten a longer gradient D"
    )
    on_divergence: str = _setting(
        "raise",
        _Choice(("raise", "restore")),
        "what to do when the cost becomes non-finite; restore: go on from the last finite parameters with a tenth "
        "of the step",
        changes_steps=False,
    )
    engine: str | EngineMaker = _setting(  # noqa: RUF009 - a field, as those above
        "auto",
        _EngineChoice(),
        "the engine that computes; auto: the compiled core if it was built",
        belongs_to="machine",
    )
    dtype: str = _setting(
        "auto",
        _Choice(("auto", "float32", "float64")),
        "precision; auto: float32 for adam and sgd, that of X for lbfgs, cg and gd",
    )
    n_threads: int | None = _setting(
        None,
        _Interval(1, whole=True, or_none=True),
        "threads of the compiled core; by default the cores that this process may use. Changes no bit of a result",
        changes_steps=False,
        belongs_to="machine",
    )

    owner: InitVar[str] = "Settings"

    def __post_init__(self, owner: str) -> None:
        for name in SETTINGS:
            check_setting(name, getattr(self, name), owner)
            object.__setattr__(self, name, _plain(getattr(self, name)))
        if self.solver in MINI_BATCH_SOLVERS:
            return
        for name in ("warmup", "dropout", "weight_decay", "max_grad_norm"):
            value = getattr(self, name)
            if value is not None and np.any(value):
                raise SettingsError(
                    f"{name}={value!r} acts on mini-batches, but solver={self.solver!r} takes the whole training set "
                    f"at once. Take solver='adam' or 'sgd', or leave {name} at {SETTINGS[name].default!r}."
                )
        # Like scikit-learn, ignore its own three here: grids of its users combine them with lbfgs.
        if self.schedule_spans_run and self.solver != "gd":
            raise SettingsError(
                f"learning_rate={self.learning_rate!r} acts on step sizes, but solver={self.solver!r} searches for its "
                "own. Take solver='adam', 'sgd' or 'gd', or leave learning_rate at 'constant'."
            )

    @property
    def schedule_spans_run(self) -> bool:
        """Whether step sizes depend on the length of the whole run, `max_iter`."""
        return self.learning_rate in ("cosine", "one_cycle")


SETTINGS: Mapping[str, Setting] = {
    declared.name: Setting(declared.name, declared.default, **declared.metadata) for declared in fields(Settings)
}
"""Every setting of `Settings` by name, in the order of their declaration."""

CLASSIFIER_SETTINGS: Mapping[str, Setting] = {
    setting.name: setting
    for setting in (
        Setting(
            "output",
            "auto",
            _Choice(("auto", "sigmoid", "softmax")),
            "output units; auto: sigmoid for two classes and for several labels a row, else softmax",
            word="output_units",
        ),
        Setting(
            "class_weight",
            None,
            _ClassWeights(),
            "what the examples of each class weigh; balanced: every class as much as any other",
        ),
        Setting(
            "label_smoothing",
            0.0,
            _FRACTION,
            "share of each target that is spread evenly over all classes",
        ),
    )
}
"""The settings that only classifiers have."""


def check_setting(name: str, value: object, owner: str) -> None:
    """Raise SettingsError if a value is outside the range of the setting.

    `owner` is the class whose parameter the caller set, for the message.
    """
    setting = SETTINGS[name] if name in SETTINGS else CLASSIFIER_SETTINGS[name]
    if value is not setting.default and not setting.range.holds(value):
        about = f"{setting.symbol}: {setting.help}" if setting.symbol else setting.help
        raise SettingsError(
            f"The {name!r} parameter of {owner} must be {setting.range}. Got {value!r} instead. ({about}.)"
        )


def _plain(value: Any) -> Any:
    """Return a valid value as a plain Python value, which can be stored in files and compared as a whole."""
    if value is None or type(value) in (bool, int, float, str):
        return value  # the tests for abstract classes below would take 1 % of a fit on 150 × 4, which has 26 settings
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value)
    if isinstance(value, Sequence | np.ndarray) and not isinstance(value, str):
        return tuple(map(_plain, value))
    return value
