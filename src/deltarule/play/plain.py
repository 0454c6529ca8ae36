"""Frozen values from plain data, each field of the type that it must have; what does not fit is said in a sentence."""

import dataclasses
import functools
import types
import typing
from collections.abc import Mapping
from typing import Any, Literal, TypeVar

import numpy as np

from deltarule.common.errors import InputError

__all__ = ["of_plain", "to_plain"]

T = TypeVar("T")

_WORDS = {float: "a finite number", int: "a whole number", str: "a text", bool: "true or false"}


def of_plain(kind: type[T], content: Any, where: str) -> T:
    """Return the value of a dataclass that plain data describes.

    Raises
    ------
    InputError
        If a field is unknown, is missing, or is of another type; `where` names the value in the message.
    """
    if not isinstance(content, dict):
        raise InputError(f"{where} is {_shown(content)}, but must be an object.")
    declared, hints = _fields_of(typing.cast(Any, kind))
    if unknown := sorted(set(map(str, content)) - set(declared)):
        known = ", ".join(declared) or "none"
        raise InputError(
            f"{where} has a field {unknown[0][:40]!r}, which this version does not know. It knows {known}."
        )
    for name, one in declared.items():
        if one.default is one.default_factory is dataclasses.MISSING and name not in content:
            raise InputError(f"{where} lacks its field {name!r}.")
    return kind(**{name: _as(hints[name], value, f"{where}.{name}") for name, value in content.items()})


def to_plain(value: Any) -> dict[str, Any]:
    """Return a dataclass as plain data without what has its default."""
    content = {}
    for one in dataclasses.fields(value):
        here = getattr(value, one.name)
        default = one.default if one.default_factory is dataclasses.MISSING else one.default_factory()
        if here != default:
            content[one.name] = to_plain(here) if dataclasses.is_dataclass(here) else here
    return content


@functools.cache
def _fields_of(kind: type) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the fields of a dataclass by name, and their types: looking these up takes longer than all the rest."""
    return {one.name: one for one in dataclasses.fields(typing.cast(Any, kind))}, typing.get_type_hints(kind)


def _as(hint: Any, value: Any, where: str) -> Any:
    """Return a value of JSON as the type that a field has."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return value
    if dataclasses.is_dataclass(hint):
        return of_plain(typing.cast(type, hint), value, where)
    if origin in (typing.Union, types.UnionType):
        return None if value is None else _as(next(one for one in arguments if one is not type(None)), value, where)
    if origin is Literal and value in arguments and isinstance(value, str):
        return value
    if origin is tuple and isinstance(value, list | tuple):
        if arguments[-1] is Ellipsis:
            return tuple(_as(arguments[0], one, where) for one in value)
        if len(arguments) == len(value):
            return tuple(_as(one, part, where) for one, part in zip(arguments, value, strict=True))
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping) and isinstance(value, dict):
        return value
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if hint is float and is_number and abs(value) <= float(np.finfo(float).max):  # neither NaN nor infinity
        return float(value)
    if hint is int and is_number and abs(value) < 2**53 and value == int(value):
        return int(value)
    if hint in (str, bool) and isinstance(value, hint):
        return value
    raise InputError(f"{where} is {_shown(value)}, but must be {_wanted(hint)}.")


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _wanted(hint: Any) -> str:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Literal:
        return " or ".join(map(repr, arguments))
    if origin is tuple:
        several = arguments[-1] is Ellipsis
        return f"a list, each {_wanted(arguments[0])}" if several else f"a list of {len(arguments)}"
    return _WORDS.get(hint, "an object")
