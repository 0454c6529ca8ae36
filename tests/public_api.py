"""What others build on, as text: every public name with its signature, and the options of the command line.

python tests/public_api.py      writes tests/public_api.txt anew: where a change is meant, with a line in CHANGELOG.md
"""

import dataclasses
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer.main

import deltarule
from deltarule import cluster, errors
from deltarule.cli import app
from deltarule.settings import Settings

FILE = Path(__file__).with_suffix(".txt")


def lines() -> Iterator[str]:
    """Return the public surface, a line for each name."""
    for name in sorted(deltarule.__all__):
        yield from _described(f"deltarule.{name}", getattr(deltarule, name))
    for name in sorted(errors.__all__):
        yield from _described(f"deltarule.errors.{name}", getattr(errors, name))
    for name in cluster.__all__:
        yield from _described(f"deltarule.cluster.{name}", getattr(cluster, name))
    yield from _described("deltarule.settings.Settings", Settings)
    for name, command in sorted(typer.main.get_command(app).commands.items()):  # type: ignore[attr-defined]
        options = [" ".join(sorted([*option.opts, *option.secondary_opts])) for option in command.params]
        yield f"$ deltarule {name} {', '.join(options)}"


def _described(name: str, value: Any) -> Iterator[str]:
    if inspect.isclass(value):
        bases = ", ".join(base.__name__ for base in value.__bases__ if base is not object)
        yield f"class {name}({bases})"
        if not issubclass(value, Exception):
            yield from _members(name, value)
    else:
        yield f"{name}{_signature(value)}"


def _members(name: str, value: type) -> Iterator[str]:
    yield f"{name}{_signature(value)}"
    fields = {field.name for field in dataclasses.fields(value)} if dataclasses.is_dataclass(value) else set()
    for member in sorted(dir(value)):
        # What scikit-learn gives is scikit-learn's to pin; metadata routing makes its methods from the signatures.
        owner = next((base for base in value.__mro__ if member in vars(base)), object)
        if member.startswith("_") or member in fields or not owner.__module__.startswith("deltarule"):
            continue
        found = inspect.getattr_static(value, member)
        if isinstance(found, property):
            yield f"{name}.{member}: property"
        elif callable(getattr(value, member, None)) and not member.startswith("set_"):
            yield f"{name}.{member}{_signature(getattr(value, member))}"


def _signature(value: Any) -> str:
    signature = inspect.signature(value)
    parameters = [one.replace(annotation=inspect.Parameter.empty) for one in signature.parameters.values()]
    return str(signature.replace(parameters=parameters, return_annotation=inspect.Signature.empty))


if __name__ == "__main__":
    FILE.write_text("\n".join(lines()) + "\n", encoding="utf-8")
