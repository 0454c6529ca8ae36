"""The types that the page names in JSDoc, from the dataclasses of its protocol: this program writes them."""

import dataclasses
import sys
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np

from deltarule.play import answers, requests, tours

TARGET = Path(__file__).parents[1] / "src/deltarule/play/page/js/protocol.d.ts"

WORDS = {int: "number", float: "number", str: "string", bool: "boolean", Any: "any", type(None): "null"}

ARRAYS = {"uint8": "Uint8Array", "int32": "Int32Array", "float32": "Float32Array", "float64": "Float64Array"}


def text() -> str:
    """Return the module: a type for each request, each answer, and what they are made of."""
    kinds = [getattr(module, name) for module in (answers, requests) for name in module.__all__]
    kinds += [tours.Tour, tours.TourStep]
    parts = [_type(kind) for kind in kinds if dataclasses.is_dataclass(kind)]
    head = "/** What the page asks and is answered, made by `python site/protocol_types.py` from the dataclasses. */"
    return "\n".join([head, "", *parts, ""])


def _type(kind: Any) -> str:
    hints = typing.get_type_hints(kind)
    words = [
        f'{word}: "{getattr(kind, word)}"' for word in ("ask", "kind") if isinstance(getattr(kind, word, None), str)
    ]
    is_request = kind.__module__ == requests.__name__
    for one in dataclasses.fields(kind):
        optional = is_request and not one.default is one.default_factory is dataclasses.MISSING
        words.append(f"{one.name}{'?' if optional else ''}: {_of(hints[one.name])}")
    return f"export type {kind.__name__} = {{ {', '.join(words)} }};"


def _of(hint: Any) -> str:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint in WORDS:
        return WORDS[hint]
    if dataclasses.is_dataclass(hint):
        return typing.cast(type, hint).__name__
    if origin in (typing.Union, types.UnionType):
        return " | ".join(_of(one) for one in arguments)
    if origin is Literal:
        return " | ".join(f'"{one}"' for one in arguments)
    if origin is np.ndarray:
        name = np.dtype(typing.get_args(arguments[1])[0]).name
        return f"{ARRAYS[name]} & {{ shape: number[] }}"
    if origin is tuple:
        if arguments[-1] is Ellipsis:
            return f"Array<{_of(arguments[0])}>"
        return f"[{', '.join(_of(one) for one in arguments)}]"
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return f"{{ [name: string]: {_of(arguments[1])} }}"
    raise TypeError(f"{hint} has no type here.")


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
    sys.stdout.write(f"{TARGET.name}: {len(text())} characters\n")
