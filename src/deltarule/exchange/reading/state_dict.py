"""PyTorch's parameters by name: a state dict, in a safetensors file or in one of `torch.save`.

Matrices are (out, in), as Θ without its bias. Units are not in the file, and neither is the order in which modules
are called: names that count are followed in the order of their numbers, others if only one order fits the shapes.
"""

import re
from collections.abc import Mapping, Sequence
from importlib import import_module
from itertools import pairwise
from typing import Any

import numpy as np

from deltarule.common.arrays import Array
from deltarule.common.errors import ModelFileError, SettingsError
from deltarule.exchange.reading.file import ForeignFile
from deltarule.exchange.reading.foreign import Found
from deltarule.exchange.reading.safetensors import tensors_in
from deltarule.exchange.reading.stages import Activation, Affine, Stage, Weights
from deltarule.exchange.reading.unit_names import unit_of

__all__ = ["read_safetensors", "read_torch"]

EPSILON = 1e-5
"""What BatchNorm of PyTorch adds to the variance by default; a state dict does not say it."""

Module = dict[str, Array]


def read_safetensors(file: ForeignFile, activation: str | Sequence[Any] | None, layers: Sequence[str] | None) -> Found:
    """Return what a safetensors file holds, with the units that the caller names.

    Raises
    ------
    SettingsError
        If units or the order are not named, and the file does not say.
    ModelFileError
        If it is damaged, or holds other modules than linear ones and batch normalisation.
    """
    return _found("safetensors file", tensors_in(file), activation, layers)


def read_torch(file: ForeignFile, activation: str | Sequence[Any] | None, layers: Sequence[str] | None) -> Found:
    """Return what a state dict in a file of `torch.save` holds; it takes PyTorch to read one.

    Raises
    ------
    ImportError
        If PyTorch is not installed.
    SettingsError, ModelFileError
        As for `read_safetensors`.
    """
    try:
        torch = import_module("torch")
    except ImportError:
        raise ImportError(
            "Files of torch.save are pickles, which only PyTorch reads safely, and it is not installed. Save the "
            "parameters "
            "with safetensors.torch.save_file(model.state_dict(), 'net.safetensors')."
        ) from None
    try:
        state = torch.load(file.path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise ModelFileError(
            f"PyTorch does not read it as parameters alone ({type(error).__name__}). A whole model is code: save "
            "model.state_dict()."
        ) from error
    if isinstance(state, dict):
        inner = [one for one in state.values() if isinstance(one, dict) and one]
        inner = [one for one in inner if all(isinstance(tensor, torch.Tensor) for tensor in one.values())]
        state = inner[0] if len(inner) == 1 else state  # a checkpoint, with the state of an optimiser and counts
    if not isinstance(state, dict) or not all(isinstance(one, torch.Tensor) for one in state.values()):
        raise ModelFileError("it holds no state dict. Save model.state_dict().")
    tensors = {str(name): one.to(torch.float64).numpy() for name, one in state.items()}
    return _found("PyTorch state dict", tensors, activation, layers)


def _found(
    tool: str,
    tensors: Mapping[str, Array],
    activation: str | Sequence[Any] | None,
    layers: Sequence[str] | None,
) -> Found:
    modules: dict[str, Module] = {}
    for name, values in tensors.items():
        if name != "n_averaged":  # how many networks PyTorch's AveragedModel holds the mean of
            module, part = _place(name)
            modules.setdefault(module, {})[part] = values.astype(np.float64)
    if not modules:
        raise ModelFileError("it holds no tensors. Save model.state_dict().")
    notes: list[str] = []
    for name, parts in modules.items():
        _multiply_out(parts, notes)
        _check(name, parts)
    order = _order(modules, notes) if layers is None else _asked(modules, layers)
    stages: list[Stage] = []
    for name in order:
        stages += [Activation(*unit_of(name))] if name not in modules else _stages(modules[name], notes)
    if not any(isinstance(stage, Weights) for stage in stages):
        raise ModelFileError("it holds no linear module: no weight of two dimensions.")
    if layers is None or activation is not None:
        if any(name not in modules for name in order):
            raise SettingsError("activation and layers both name units. Leave activation out.")
        stages = _with_units(order, stages, activation, notes)
    elif missing := _without_unit(order, modules):
        raise SettingsError(
            f"layers names no unit between {missing[0]!r} and {missing[1]!r}. Name it, as in layers=['{missing[0]}', "
            f"'relu', '{missing[1]}'], 'identity' if there is none, or one for all: activation='relu'."
        )
    first = next(stage for stage in stages if isinstance(stage, Weights))
    return Found(tool, first.W.shape[1], stages, notes=tuple(dict.fromkeys(notes)), says_output=False)


def _place(name: str) -> tuple[str, str]:
    """Return the module of a tensor and its name there, that of a weight's parametrization in the older form."""
    module, _, part = name.rpartition(".")
    if module.endswith("parametrizations.weight"):
        module = module.removesuffix("parametrizations.weight").removesuffix(".")
        part = {"original0": "weight_g", "original1": "weight_v"}.get(part, f"parametrizations.weight.{part}")
    return module, part


def _multiply_out(module: Module, notes: list[str]) -> None:
    """Put in the weight of a module with weight normalisation, g v / ‖v‖ for each output."""
    g, v = module.get("weight_g"), module.get("weight_v")
    if g is not None and v is not None and v.ndim == 2 and g.shape == (len(v), 1):
        del module["weight_g"], module["weight_v"]
        module["weight"] = g * v / np.linalg.norm(v, axis=1, keepdims=True)
        notes.append("Weight normalisation was multiplied out.")


def _without_unit(order: Sequence[str], modules: Mapping[str, Module]) -> tuple[str, str] | None:
    """Return two matrices in a row without a unit between them."""
    before: str | None = None
    for name in order:
        if name not in modules:
            before = None
        elif "running_var" not in modules[name]:
            if before is not None:
                return before, name
            before = name
    return None


def _check(name: str, module: Module) -> None:
    parts, weight = set(module), module.get("weight")
    is_linear = weight is not None and weight.ndim == 2 and parts <= {"weight", "bias"}
    is_norm = {"running_mean", "running_var"} <= parts <= {*_NORM, "num_batches_tracked"}
    if not is_linear and not is_norm:
        shapes = {part: list(values.shape) for part, values in sorted(module.items())[:4]}
        raise ModelFileError(
            f"its module {name[:60]!r} has {shapes}: it is neither linear nor a batch normalisation, of which networks "
            "are made here. Take parametrizations out before saving: "
            "torch.nn.utils.parametrize.remove_parametrizations(module, 'weight')."
        )


_NORM = ("weight", "bias", "running_mean", "running_var")


def _stages(module: Module, notes: list[str]) -> list[Stage]:
    if "running_var" not in module:
        W = module["weight"]
        return [Weights(W, module.get("bias", np.zeros(len(W))))]
    notes.append(
        f"Batch normalisation was folded into Θ, with ε = {EPSILON:g}, PyTorch's default: the file does not say it."
    )
    factor = module.get("weight", np.ones(())) / np.sqrt(module["running_var"] + EPSILON)
    return [Affine(factor, module.get("bias", np.zeros(())) - module["running_mean"] * factor)]


def _natural(name: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name[:200])]


def _order(modules: Mapping[str, Module], notes: list[str]) -> list[str]:
    """Return the modules in the order in which they are called, as far as their names or shapes tell."""
    names = sorted(modules, key=_natural)
    patterns = {re.sub(r"\d+", "#", name) for name in names}
    if len(names) == 1 or (len(patterns) == 1 and "#" in patterns.pop()):
        return names
    linear = [name for name in names if "running_var" not in modules[name]]
    if len(linear) < len(names):
        raise SettingsError(
            f"The file does not say in which order its modules {', '.join(names[:8])} are called. Name all of them in "
            "order, "
            f"with the units between them: layers=['{names[0]}', 'relu', …]; on the command line --layers."
        )
    chains = _chains({name: (m["weight"].shape[1], m["weight"].shape[0]) for name, m in modules.items()})
    if len(chains) == 1:
        notes.append(f"The modules were put in the only order that fits their shapes: {', '.join(chains[0][:8])}.")
        return chains[0]
    raise SettingsError(
        f"The file does not say in which order its modules {', '.join(names[:8])} are called, and "
        f"{'several orders fit' if chains else 'no order fits'} their shapes. Name them in order, with the units "
        "between "
        f"them: layers=['{names[0]}', 'relu', …]; on the command line --layers."
    )


def _chains(shapes: Mapping[str, tuple[int, int]]) -> list[list[str]]:
    """Return up to two orders in which the outputs of each module are the inputs of the next."""
    found: list[list[str]] = []
    waiting: list[list[str]] = [[name] for name in shapes]
    tries = 0
    while waiting and len(found) < 2 and tries < 10_000:
        tries += 1
        chain = waiting.pop()
        if len(chain) == len(shapes):
            found.append(chain)
            continue
        width = shapes[chain[-1]][1]
        waiting += [[*chain, name] for name, (n, _) in shapes.items() if n == width and name not in chain]
    return found if tries < 10_000 else [[], []]


def _asked(modules: Mapping[str, Module], layers: Sequence[str]) -> list[str]:
    names = [name for name in layers if name in modules]
    if sorted(names) != sorted(modules):
        left = sorted(set(modules) - set(names))
        raise SettingsError(
            f"layers={list(layers)!r} does not name each module of the file once: "
            + (
                f"{', '.join(left[:8])} {'is' if len(left) == 1 else 'are'} left out."
                if left
                else "one is there twice."
            )
        )
    for name in layers:
        if name not in modules:
            unit_of(name)
    return list(layers)


def _with_units(
    order: Sequence[str],
    stages: Sequence[Stage],
    activation: str | Sequence[Any] | None,
    notes: list[str],
) -> list[Stage]:
    """Return the stages with the units that the caller names, between the matrices."""
    n_hidden = sum(isinstance(stage, Weights) for stage in stages) - 1
    if n_hidden and activation is None:
        raise SettingsError(
            f"The file does not name the units of its {n_hidden} hidden {'layer' if n_hidden == 1 else 'layers'}. Say "
            "which: "
            "activation='relu', or one for each layer; on the command line --activation relu."
        )
    named = (
        [activation] * n_hidden if isinstance(activation, str) or not isinstance(activation, Sequence) else activation
    )
    if len(named) != n_hidden:
        raise SettingsError(f"activation names {len(named)} units, but the file has {n_hidden} hidden layers.")
    units = [Activation(*unit_of(unit)) for unit in named]
    places = [n for n, stage in enumerate(stages) if isinstance(stage, Weights)]
    made = list(stages[: places[0] + 1])
    for unit, (start, end) in zip(units, pairwise(places), strict=True):
        between = list(stages[start + 1 : end])
        at = _place_of_units(order[start : end + 1], notes) if between else 0
        made += [*between[:at], unit, *between[at:], stages[end]]
    return [*made, *stages[places[-1] + 1 :]]


def _place_of_units(names: Sequence[str], notes: list[str]) -> int:
    """Return behind how many of the modules between two linear ones the units stand: where the numbers have a gap."""
    numbers = [int((re.findall(r"\d+", name) or ["0"])[-1]) for name in names]
    gaps = [n for n, (one, other) in enumerate(pairwise(numbers)) if other > one + 1]
    if len(gaps) != 1:
        raise SettingsError(
            f"The file does not say whether units stand before or behind the batch normalisation {names[1]!r}. Name "
            "all in "
            f"order: layers=['{names[0]}', 'relu', '{names[1]}', …]; on the command line --layers."
        )
    notes.append(f"Units stand behind {names[gaps[0]]!r}, where the numbers of the modules have a gap.")
    return gaps[0]
