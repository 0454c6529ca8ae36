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
from deltarule.engines import EngineMaker
from deltarule.training.ranges import Choice, ClassWeights, EngineChoice, Flag, Interval, PerLayer

__all__ = [
    "CLASSIFIER_SETTINGS",
    "MINI_BATCH_SOLVERS",
    "SETTINGS",
    "SPANNING",
    "Flag",
    "Setting",
    "Settings",
    "check_setting",
]


MINI_BATCH_SOLVERS = ("sgd", "adam")
"""Solvers whose epoch is many steps; the others use the whole training set for each step."""

SPANNING = ("cosine", "one_cycle", "coslog4")
"""Step sizes over time that depend on how long the whole run is."""

_SCHEDULES = ("dropout_schedule", "weight_decay_schedule")


_Range = Interval | Choice | EngineChoice | Flag | PerLayer | ClassWeights


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
        return isinstance(self.range, PerLayer | ClassWeights) or getattr(self.range, "or_else", None) is not None


def _setting(default: Any, range_: _Range, help_: str, symbol: str = "", **more: Any) -> Any:
    return field(default=default, metadata={"range": range_, "help": help_, "symbol": symbol, **more})


_FRACTION = Interval(0, 1)
_FROM_0 = Interval(0)
_ABOVE_0 = Interval(0, open_low=True)
_COUNT = Interval(1, whole=True)


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
        Choice(("lbfgs", "sgd", "adam", "cg", "gd")),
        "mini-batches: adam, sgd; the whole training set at once: lbfgs, cg, gd",
        is_common=True,
    )
    alpha: float = _setting(1e-4, _FROM_0, "strength of the penalty λ/2m Σ Θ²", "λ", word="lambda", is_common=True)
    batch_size: int | str = _setting(
        "auto",
        Choice(("auto",), _COUNT),
        "examples of a mini-batch; auto: 200, or all if there are fewer",
        is_common=True,
    )
    learning_rate: str = _setting(
        "constant",
        Choice(("constant", "invscaling", "adaptive", *SPANNING)),
        "step size over time; invscaling (sgd, gd): η/t^power_t; adaptive: a fifth of it where training would stop for "
        "want of progress (sgd), a line search that never lets J rise (gd); cosine (sgd, adam, gd): down to 0 over "
        "the epochs of the run; one_cycle: up, then down; coslog4: four waves, each twice as long as the one before",
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
    momentum: float = _setting(0.9, Interval(0, 1, open_high=False), "momentum of sgd", "μ")
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
        Interval(1, whole=True, or_infinity=True),
        "epochs without progress before training stops",
        word="patience",
        is_common=True,
    )
    max_fun: int = _setting(15000, _COUNT, "evaluations of J at most, for lbfgs")
    warmup: float = _setting(0.0, _FROM_0, "epochs over which the step size of sgd and adam rises from 0")
    dropout: float | Sequence[float] = _setting(
        0.0,
        PerLayer(_FRACTION),
        "share of the hidden units that each example does without in a step of sgd or adam",
        "p",
    )
    weight_decay: float = _setting(
        0.0, _FROM_0, "share of Θ, times η, that each step of sgd or adam takes off, apart from the gradient"
    )
    dropout_schedule: str = _setting(
        "constant",
        Choice(("constant", "flat_cos")),
        "dropout over time; flat_cos: in the second half of max_iter down to 0",
    )
    weight_decay_schedule: str = _setting(
        "constant", Choice(("constant", "flat_cos")), "weight decay over time; flat_cos: as for dropout"
    )
    max_grad_norm: float | None = _setting(
        None, Interval(0, open_low=True, or_none=True), "length to which sgd and adam shorten a longer gradient D"
    )
    on_divergence: str = _setting(
        "raise",
        Choice(("raise", "restore")),
        "what to do when the cost becomes non-finite; restore: go on from the last finite parameters with a tenth "
        "of the step",
        changes_steps=False,
    )
    engine: str | EngineMaker = _setting(  # noqa: RUF009 - a field, as those above
        "auto",
        EngineChoice(),
        "the engine that computes; auto: the compiled core if it was built",
        belongs_to="machine",
    )
    dtype: str = _setting(
        "auto",
        Choice(("auto", "float32", "float64")),
        "precision; auto: float32 for adam and sgd, that of X for lbfgs, cg and gd",
    )
    n_threads: int | None = _setting(
        None,
        Interval(1, whole=True, or_none=True),
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
        for name in ("warmup", "dropout", "weight_decay", *_SCHEDULES, "max_grad_norm"):
            value = getattr(self, name)
            if value != SETTINGS[name].default and np.any(value):
                raise SettingsError(
                    f"{name}={value!r} acts on mini-batches, but solver={self.solver!r} takes the whole training set "
                    f"at once. Take solver='adam' or 'sgd', or leave {name} at {SETTINGS[name].default!r}."
                )
        # scikit-learn's own three are ignored here, as there: grids of its users hold them beside lbfgs.
        if self.learning_rate in SPANNING and self.solver != "gd":
            raise SettingsError(
                f"learning_rate={self.learning_rate!r} acts on step sizes, but solver={self.solver!r} searches for its "
                "own. Take solver='adam', 'sgd' or 'gd', or leave learning_rate at 'constant'."
            )

    @property
    def schedule_spans_run(self) -> bool:
        """Whether what a step does depends on how long the whole run is, `max_iter`."""
        return self.learning_rate in SPANNING or "flat_cos" in (self.dropout_schedule, self.weight_decay_schedule)


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
            Choice(("auto", "sigmoid", "softmax")),
            "output units; auto: sigmoid for two classes and for several labels a row, else softmax",
            word="output_units",
        ),
        Setting(
            "class_weight",
            None,
            ClassWeights(),
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
