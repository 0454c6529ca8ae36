"""A network as plain data, for files: what its parts are called and what they are made with.

A network of `Dense` parts alone, in the short form, is written as 0.1.0 wrote it: sizes, names of units, their numbers.
"""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from deltarule.common.errors import SettingsError
from deltarule.network.curves import Periodic, PiecewiseLinear
from deltarule.network.first_floor import Beside, Embedding, Keep, Scale
from deltarule.network.network import Network
from deltarule.network.parametric import Parametric
from deltarule.network.parts import Dense, Part, Unit

__all__ = ["content_of_network", "network_from"]

_KINDS: dict[str, Any] = {
    kind.__name__: kind for kind in (Dense, Keep, Scale, Embedding, PiecewiseLinear, Periodic, Parametric, Beside)
}


def content_of_network(network: Network) -> dict[str, Any]:
    """Return a network as what JSON can hold.

    Raises
    ------
    SettingsError
        If a part is not one of this library.
    """
    if (
        all(type(part) is Dense and not part.sees_data for part in network.parts)
        and len(network.hidden) == network.L - 2
    ):
        return {
            "sizes": network.sizes,
            "hidden": network.hidden,
            "numbers": network.hidden_numbers,
            **_output(network),
        }
    return {"parts": [_content(part) for part in network.parts], **_output(network)}


def _output(network: Network) -> dict[str, Any]:
    numbers = {"output_numbers": network.output_numbers} if network.output_numbers else {}
    return {"output": network.output, **numbers}


def network_from(content: Mapping[str, Any]) -> Network:
    """Return the network of such content; raises whatever wrong content makes Python or this library raise."""
    output = {"output": content["output"], "output_numbers": tuple(content.get("output_numbers", ()))}
    if "parts" in content:
        return Network([_part(part) for part in content["parts"]], **output)
    names = content["hidden"]
    numbers = content.get("numbers", [()] * len(names))  # 0.1.0 knew units with default numbers only
    units = [Unit(name, *given) for name, given in zip(names, numbers, strict=True)]
    return Network(tuple(content["sizes"]), units, **output)


def _content(part: Part) -> dict[str, Any]:
    kind = type(part).__name__
    if _KINDS.get(kind) is not type(part):
        raise SettingsError(
            f"A file names the parts of a network, but {part!r} is none of this library: {', '.join(_KINDS)}."
        )
    return {"kind": kind, **{field.name: _plain(getattr(part, field.name)) for field in fields(_KINDS[kind])}}


def _plain(value: Any) -> Any:
    if isinstance(value, Unit):
        return [value.name, *value.numbers]
    return [_content(part) for part in value] if isinstance(value, tuple) and isinstance(value[0], Part) else value


def _part(content: Mapping[str, Any]) -> Part:
    given = dict(content)
    kind = given.pop("kind")
    if kind not in _KINDS:
        raise ValueError(f"{str(kind)[:40]!r} where one of {', '.join(_KINDS)} belongs")
    if given.get("unit") is not None:
        given["unit"] = Unit(*given["unit"])
    if kind == "Beside":
        given["parts"] = [_part(part) for part in given["parts"]]
    part: Part = _KINDS[kind](**given)
    return part
