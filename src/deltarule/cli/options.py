"""Options that are settings of training: defaults and words come from `deltarule.settings`, where they are declared."""

from collections.abc import Mapping
from typing import Any

import typer

from deltarule.settings import SETTINGS, Flag
from deltarule.units import HIDDEN_UNITS

__all__ = ["FLAGS", "check_settings", "default", "parse_activation", "parse_layers", "setting"]

FLAGS: Mapping[str, str] = {
    name: {"alpha": "--lambda", "max_iter": "--epochs", "n_iter_no_change": "--patience"}.get(
        name, "--" + name.replace("_", "-")
    )
    for name in SETTINGS
}
"""How each setting is written on the command line."""

MAIN = ("solver", "alpha", "max_iter", "batch_size", "learning_rate_init", "tol", "n_iter_no_change", "early_stopping")


def setting(name: str) -> Any:
    """Return the option of a setting."""
    declared, flag = SETTINGS[name], FLAGS[name]
    if isinstance(declared.range, Flag):
        flag += f"/--no-{flag[2:]}"
    symbol = f"{declared.symbol}: " if declared.symbol else ""
    return typer.Option(
        flag, help=symbol + declared.help, rich_help_panel="Settings" if name in MAIN else "More settings"
    )


def default(name: str) -> Any:
    """Return the default of a setting, as the option takes it."""
    value = SETTINGS[name].default
    return str(value) if name == "batch_size" else value


def check_settings(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings as the estimator takes them.

    Raises
    ------
    typer.BadParameter
        If one is outside its range.
    """
    settings = dict(values)
    if settings["batch_size"].isdecimal():
        settings["batch_size"] = int(settings["batch_size"])
    for name, value in settings.items():
        allowed = SETTINGS[name].range
        if not allowed.holds(value):
            raise typer.BadParameter(f"{value!r} is not {allowed}.", param_hint=FLAGS[name])
    return settings


def parse_layers(text: str) -> tuple[int, ...]:
    """Return the sizes of the hidden layers: `"100,50"` is (100, 50), `"none"` is ().

    Raises
    ------
    typer.BadParameter
        If the text is something else.
    """
    if text.strip().lower() == "none":
        return ()
    sizes = [size.strip() for size in text.split(",")]
    if not all(size.isdecimal() and int(size) > 0 for size in sizes):
        raise typer.BadParameter(
            f"{text!r} does not name hidden layers. Write their units with commas between, 100,50, or none.",
            param_hint="--layers",
        )
    return tuple(int(size) for size in sizes)


def parse_activation(text: str, layers: tuple[int, ...]) -> str | tuple[str, ...]:
    """Return the hidden units: one name for all layers, or one for each.

    Raises
    ------
    typer.BadParameter
        If a name is unknown, or there are several but not one for each layer.
    """
    names = tuple(name.strip() for name in text.split(","))
    if unknown := [name for name in names if name not in HIDDEN_UNITS]:
        raise typer.BadParameter(
            f"{unknown[0]!r} is no hidden unit. Take one of {', '.join(HIDDEN_UNITS)}.", param_hint="--activation"
        )
    if len(names) not in (1, len(layers)):
        raise typer.BadParameter(
            f"{text!r} names {len(names)} units for {len(layers)} hidden layers. Give one, or one for each.",
            param_hint="--activation",
        )
    return names[0] if len(names) == 1 else names
