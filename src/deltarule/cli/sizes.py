"""Sizes of memory and files as people write them: 500MB, 2GiB."""

import re

import typer

__all__ = ["bytes_of", "size_of"]

_UNITS = {"": 1, "B": 1, **{f"{p}B": 1000**n for n, p in enumerate("KMGT", 1)}}
_UNITS |= {f"{p}IB": 1024**n for n, p in enumerate("KMGT", 1)} | {p: 1000**n for n, p in enumerate("KMGT", 1)}
_SIZE = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*([A-Za-z]*)\s*")


def bytes_of(text: str, option: str) -> int:
    """Return the number of bytes that a text says: 500MB are 500 000 000, 1GiB are 1 073 741 824.

    Raises
    ------
    typer.BadParameter
        If the text says no size.
    """
    found = _SIZE.fullmatch(text)
    if found is None or found[2].upper() not in _UNITS:
        raise typer.BadParameter(f"{text!r} is no size. Write for example 500MB, 2GB or 1.5GiB.", param_hint=option)
    return int(float(found[1]) * _UNITS[found[2].upper()])


def size_of(count: float) -> str:
    """Return a number of bytes as people write it.

    >>> size_of(0), size_of(812_345), size_of(23_456_789_012)
    ('0 B', '812 KB', '23.5 GB')
    """
    for unit, power in (("GB", 1e9), ("MB", 1e6), ("KB", 1e3)):
        if count >= power:
            return f"{count / power:.3g} {unit}"
    return f"{count:.0f} B"
