"""The options that are settings of training; their defaults and help texts come from `deltarule.settings`.

This file also rewrites messages of the library with the names of options, and rebuilds the command that was given.
"""

import re
import shlex
from collections.abc import Mapping
from itertools import pairwise
from keyword import iskeyword
from typing import Any

import typer

from deltarule.common.messages import Message
from deltarule.network.units import HIDDEN_UNITS
from deltarule.training.settings import CLASSIFIER_SETTINGS, SETTINGS, Flag, Setting

__all__ = [
    "DECLARED",
    "PANELS",
    "SHARED",
    "check_settings",
    "command_of",
    "default",
    "in_options",
    "parameter_of",
    "parse_activation",
    "parse_layers",
    "setting",
]

DECLARED: Mapping[str, Setting] = {**SETTINGS, **CLASSIFIER_SETTINGS}

_NAMED = {
    **{name: declared.option for name, declared in DECLARED.items()},
    **{
        name: f"--{name}"
        for name in (
            "resume",
            "checkpoint",
            "scoring",
            "task",
            "weight",
            "holdout",
            "objective",
            "validation",
            "groups",
        )
    },
    "n_members": "--members",
    "time_budget": "--time-budget",
    "lines": "--lines",
    "loss": "--loss",
}
"""The option for each parameter of the library."""

_WORD = re.compile(r"(?<![\w./'-])(`?)(\w+)\1(?:(=(?:True\b|False\b)?)|(?![\w/'-]|\.\w))")
"""A word of a message outside quotes, with the value that follows its equals sign."""

MOST_PARAMETERS = 10**12
"""Most parameters between hidden layers. Below it, a million columns overflow no count of bytes, and MemoryError says
what the memory can hold."""


SHARED = frozenset({"max_iter", "dtype", "engine", "n_threads", "class_weight"})
"""Settings that several networks which predict together have, too."""

PANELS = {"shared": "Settings", "common": "A single network (--network)", "rare": "More of a single network"}


def setting(name: str, default: str = "") -> Any:
    """Return the option of a setting; `default` says in words what it is by default, where that depends."""
    declared = DECLARED[name]
    flag = declared.option
    if isinstance(declared.range, Flag):
        flag += f"/--no-{flag[2:]}"
    symbol = f"{declared.symbol}: " if declared.symbol else ""
    panel = PANELS["shared" if name in SHARED else "common" if declared.is_common else "rare"]
    return typer.Option(flag, help=symbol + declared.help, rich_help_panel=panel, show_default=default or True)


def parameter_of(name: str) -> str:
    """Return the name of the command's parameter for a setting; a Python keyword gets an underscore."""
    word = DECLARED[name].word
    return f"{word}_" if iskeyword(word) else word


def default(name: str) -> Any:
    """Return the default of a setting in the form that the option takes."""
    declared = DECLARED[name]
    return str(declared.default) if declared.is_composed and declared.default is not None else declared.default


def check_settings(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings in the form that the estimator takes.

    Raises
    ------
    typer.BadParameter
        If a setting is outside its range.
    """
    settings = {name: _parsed(name, value) if DECLARED[name].is_composed else value for name, value in values.items()}
    for name, value in settings.items():
        if not DECLARED[name].range.holds(value):
            raise typer.BadParameter(f"{value!r} is not {_range_of(name)}.", param_hint=DECLARED[name].option)
    return settings


def in_options(message: str) -> str:
    """Return a message with its settings replaced by the options of the command line; quoted input stays unchanged.

    A setting whose name is an English word, such as `momentum`, is replaced only where a value follows it.

    >>> in_options("Go on with it by resume=True: alpha was 1.0 with solver='sgd', and the momentum stays.")
    "Go on with it by --resume: --lambda was 1.0 with --solver 'sgd', and the momentum stays."
    """

    def option(word: re.Match[str]) -> str:
        _, name, given = word.groups()
        if name not in _NAMED or (given is None and name.isalpha() and name != "alpha"):
            return word[0]
        if given == "=False":
            return f"--no-{_NAMED[name][2:]}"
        return _NAMED[name] + (" " if given == "=" else "")

    def reworded(words: str) -> str:
        return _WORD.sub(option, words)

    return message.reworded(reworded) if isinstance(message, Message) else reworded(message)


def _range_of(name: str) -> str:
    """Return the range of a setting in words, without values that the command line cannot express."""
    if name == "class_weight":
        return "'balanced', or a weight for each label, finite and 0 or more: yes=2,no=1"
    return str(DECLARED[name].range).removesuffix(" or None").removesuffix(" or inf")


def _parsed(name: str, text: str | None) -> Any:
    """Return the value of a text such as `"64"`, `"0.2,0.5"` or `"yes=2,no=1"`; other texts are returned unchanged."""
    if text is None or text == DECLARED[name].default:
        return text
    parts = [part.strip() for part in text.split(",")]
    try:
        if name == "batch_size":
            return int(text)
        if name == "dropout":
            return float(text) if len(parts) == 1 else tuple(float(part) for part in parts)
        if "=" in text:
            pairs = [part.rsplit("=", 1) for part in parts]
            return {label.strip(): float(weight) for label, weight in pairs}
    except ValueError:
        pass
    return text


def parse_layers(text: str) -> tuple[int, ...]:
    """Return the sizes of the hidden layers: `"100,50"` is (100, 50), `"none"` is ().

    Raises
    ------
    typer.BadParameter
        If the text is neither, or asks for more parameters than any memory holds.
    """
    if text.strip().lower() == "none":
        return ()
    sizes = [size.strip() for size in text.split(",")]
    if not all(size.isdecimal() and int(size) > 0 for size in sizes):
        raise typer.BadParameter(
            f"{text!r} does not name hidden layers. Write their units with commas between, 100,50, or none.",
            param_hint="--layers",
        )
    layers = tuple(int(size) for size in sizes)
    if sum(one * other for one, other in pairwise((1, *layers, 1))) > MOST_PARAMETERS:
        raise typer.BadParameter(
            f"{text!r} asks for more than 10¹² parameters, which no memory holds. Take fewer units.",
            param_hint="--layers",
        )
    return layers


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


def command_of(context: typer.Context) -> str:
    """Return the command line of a context in shell syntax, with the options that were given and no defaults."""
    words = context.command_path.split()
    for parameter in context.command.params:
        name, value = str(parameter.name), context.params.get(str(parameter.name))
        source = context.get_parameter_source(name)
        if source is None or source.name != "COMMANDLINE":
            continue
        if parameter.param_type_name == "argument":
            words += map(str, value if isinstance(value, list | tuple) else [value])
        elif isinstance(value, bool):
            words.append((parameter.opts if value else parameter.secondary_opts)[0])
        else:
            for one in value if isinstance(value, list | tuple) else [value]:
                words += [parameter.opts[0], str(one)]
    return shlex.join(words)
