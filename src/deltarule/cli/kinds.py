"""The two kinds of models that `train` makes: networks that predict together, or with `--network` a single plain one.

An option that belongs to one kind is refused with the other. Options of both kinds may have different defaults.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import typer

from deltarule.cli.options import DECLARED, SHARED, parameter_of
from deltarule.common.errors import SettingsError
from deltarule.common.messages import Message

__all__ = ["BOTH", "OF_COMMITTEE", "OF_NETWORK", "check_kind", "default_of", "given_options"]


@dataclass(frozen=True)
class Defaults:
    """The default of an option for several networks, and for a single one.

    Where the first is None, the estimator has its own by the task, and `told` says which.
    """

    together: Any
    single: Any
    told: str = ""

    @property
    def words(self) -> str:
        """The defaults of both kinds of training, as the help of the command line writes them."""
        return f"{self.told or self.together}; with --network {self.single}"


BOTH: Mapping[str, Defaults] = {
    "holdout": Defaults(0.0, 0.2),
    "layers": Defaults("256,256,256", "100"),
    "epochs": Defaults(None, DECLARED["max_iter"].default, "256 for classes and 128 for quantities"),
    "dtype": Defaults("float32", DECLARED["dtype"].default),
}
"""Options of both kinds whose defaults differ."""

OF_COMMITTEE = ("members", "objective", "loss", "quantiles", "validation", "groups", "time_budget")
"""Options of several networks that predict together."""

OF_NETWORK = (
    "activation",
    "scoring",
    *(parameter_of(name) for name in DECLARED if name not in SHARED),
)
"""Options of a single network."""


def given_options(context: typer.Context) -> dict[str, str]:
    """Return the options that were given, each as it is written, by the names of the command's parameters."""
    given = {}
    for parameter in context.command.params:
        source = context.get_parameter_source(str(parameter.name))
        if parameter.param_type_name == "option" and source is not None and source.name == "COMMANDLINE":
            flags = parameter.opts
            if parameter.secondary_opts and context.params[str(parameter.name)] is False:
                flags = parameter.secondary_opts
            given[str(parameter.name)] = flags[0]
    return given


def check_kind(given: Mapping[str, str], is_single: bool) -> None:
    """Refuse options of the other kind.

    Raises
    ------
    SettingsError
        If there are any.
    """
    strange = [option for name, option in given.items() if name in (OF_COMMITTEE if is_single else OF_NETWORK)]
    if not strange:
        return
    options = ", ".join(strange[:-1]) + (" and " if len(strange) > 1 else "") + strange[-1]
    be, it = ("is", "it") if len(strange) == 1 else ("are", "them")
    if is_single:
        told = "{options} {be} for several networks that predict together, and --network trains a single one. Leave "
        told += "{it} or --network out."
    else:
        told = "{options} {be} for a single network, and train makes several that predict together, by rules of their "
        told += "own. Add --network to train a single one, or leave {it} out."
    raise SettingsError(Message(told, options=options, be=be, it=it))


def default_of(name: str, value: Any, is_single: bool) -> Any:
    """Return a value that was given, or the default of the kind."""
    if value is not None:
        return value
    return BOTH[name].single if is_single else BOTH[name].together
