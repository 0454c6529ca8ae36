"""FANN's `.net` files.

A neuron gives g(s z), with its own steepness s: logistic 1/(1 + e^(−2 s z)), symmetric tanh(s z), linear s z. So rows
of Θ are multiplied by 2s, s and s. Its connections list the units of the layer below first and the bias last. Scaling
that the file holds is what `fann_scale_input` and `fann_descale_output` do around `fann_run`.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from deltarule.common.arrays import Array
from deltarule.common.errors import ModelFileError
from deltarule.exchange.reading.file import ForeignFile
from deltarule.exchange.reading.foreign import Found
from deltarule.exchange.reading.stages import Activation, Affine, Stage, Weights

__all__ = ["read_fann"]

LINEAR = 0
UNITS = {0: ("identity", 1.0), 3: ("logistic", 2.0), 5: ("tanh", 1.0), 18: ("relu", 1.0), 19: ("leaky_relu", 1.0)}
"""Unit and factor of s z by FANN's number of a function."""

NAMES = {
    1: "THRESHOLD", 2: "THRESHOLD_SYMMETRIC", 4: "SIGMOID_STEPWISE", 6: "SIGMOID_SYMMETRIC_STEPWISE", 7: "GAUSSIAN",
    8: "GAUSSIAN_SYMMETRIC", 9: "GAUSSIAN_STEPWISE", 10: "ELLIOT", 11: "ELLIOT_SYMMETRIC", 12: "LINEAR_PIECE",
    13: "LINEAR_PIECE_SYMMETRIC", 14: "SIN_SYMMETRIC", 15: "COS_SYMMETRIC", 16: "SIN", 17: "COS",
}  # fmt: skip

CURE = {4: "SIGMOID, which is 3", 6: "SIGMOID_SYMMETRIC, which is 5"}

_LINE = re.compile(r"([a-z_]+)(?: \([^)]*\))?=(.*)")
_NEURON = re.compile(r"\((\d{1,9}), (\d{1,9}), ([^()\s]{1,60})\)")
_CONNECTION = re.compile(r"\((\d{1,9}), ([^()\s]{1,60})\)")


def read_fann(file: ForeignFile) -> Found:
    """Return what a `.net` file of FANN 2 holds.

    Raises
    ------
    ModelFileError
        If it is damaged, or holds what does not fit: shortcuts, fixed point numbers, other units.
    """
    lines = file.text.splitlines()
    version = lines[0].strip() if lines else ""
    if not version.startswith("FANN_FLO_2"):
        raise ModelFileError(
            f"it is of the version {version[:20]!r}, and FANN_FLO_2.1 is read. "
            + (
                "Fixed point files are computed by stepwise sigmoids: save the network before it is made fixed."
                if version.startswith("FANN_FIX")
                else "Load it in FANN 2 and save it there."
            )
        )
    parts = {found[1]: found[2] for line in lines[1:] if (found := _LINE.match(line))}
    sizes = [int(size) for size in parts["layer_sizes"].split()]
    neurons = [(int(n), int(kind), _number(s)) for n, kind, s in _NEURON.findall(parts["neurons"])]
    connections = [(int(source), _number(weight)) for source, weight in _CONNECTION.findall(parts["connections"])]
    shortcut = parts.get("network_type", "0").strip() == "1"
    if len(sizes) < 2 or min(sizes) < 1 or sum(sizes) != len(neurons) or len(sizes) != int(parts["num_layers"]):
        raise ModelFileError(f"its layer_sizes {sizes[:10]} do not fit its {len(neurons)} neurons.")
    if sum(n for n, _, _ in neurons) != len(connections):
        raise ModelFileError(
            f"its neurons have {sum(n for n, _, _ in neurons)} inputs, but it lists {len(connections)}."
        )
    if shortcut and len(sizes) > 2:
        raise ModelFileError(
            "it has shortcut connections, which skip layers (network_type=1). Layers here take what the layer below "
            "gives. "
            "Create and train it as a standard network."
        )
    biases = [1] + [0 if shortcut else 1] * (len(sizes) - 1)
    widths = [size - bias for size, bias in zip(sizes, biases, strict=True)]
    if min(widths) < 1:
        raise ModelFileError("it has a layer of a bias alone.")
    file.check_room(sum(a * b for a, b in pairwise(widths)))
    stages: list[Stage] = []
    notes: list[str] = []
    start = place = 0
    steepnesses: set[float] = set()
    for layer in range(1, len(sizes)):
        end = start + sizes[layer - 1]
        rows = neurons[end : end + widths[layer]]
        W = np.zeros((widths[layer], end - start))
        for row, (n, _, _) in enumerate(rows):
            for source, weight in connections[place : place + n]:
                if not start <= source < end:
                    raise ModelFileError(f"a unit of layer {layer + 1} takes what is not in the layer below.")
                W[row, source - start] += weight
            place += n
        kind = _kind_of(rows, layer)
        name, factor = UNITS[kind]
        s = np.array([steepness for _, _, steepness in rows])
        steepnesses.update(s.tolist())
        b = W[:, -1] if biases[layer - 1] else np.zeros(len(W))
        stages += [Weights(W[:, : widths[layer - 1]], b), Affine(factor * s), Activation(name)]
        if kind == LINEAR:
            notes.append(
                f"FANN cuts linear units of layer {layer + 1} at ±{150 / s.max() if s.max() > 0 else np.inf:g}; "
                "here they go on."
            )
        start = end
    notes.insert(0, f"Steepness {', '.join(f'{s:g}' for s in sorted(steepnesses)[:5])} was folded into Θ.")
    if "," in parts["connections"].replace(", ", ""):
        notes.append("Decimals are written with commas, as FANN does in some languages.")
    if parts.get("scale_included", "0").strip() == "1":
        stages = [_scale_in(parts, widths[0]), *stages, _scale_out(parts, widths[-1])]
        notes.append(
            "The scaling of inputs and outputs in the file was folded into Θ: compare with fann_scale_input, fann_run "
            "and fann_descale_output. fann_run alone does not apply it."
        )
    return Found("FANN", widths[0], stages, notes=tuple(notes), has_classes=False)


def _number(text: str) -> float:
    return float(text.replace(",", "."))


def _kind_of(rows: Sequence[tuple[int, int, float]], layer: int) -> int:
    kinds = {kind for _, kind, _ in rows}
    if len(kinds) > 1:
        raise ModelFileError(
            f"layer {layer + 1} has units of several functions ({sorted(kinds)[:5]}); here it has one."
        )
    (kind,) = kinds
    if kind not in UNITS:
        raise ModelFileError(
            f"layer {layer + 1} has {NAMES.get(kind, f'unknown ({kind})')} units, which do not exist here."
            + (f" Train with {CURE[kind]} (FANN takes the stepwise one by default)." if kind in CURE else "")
        )
    return kind


def _scales(parts: dict[str, str], side: str, n: int) -> tuple[Array, Array, Array, Array]:
    names = ("mean", "deviation", "new_min", "factor")
    mean, deviation, new_min, factor = (
        # FANN keeps them in single precision, whatever its weights are in.
        np.array([_number(value) for value in parts[f"scale_{name}_{side}"].split()], dtype=np.float32).astype(
            np.float64
        )
        for name in names
    )
    for values in (mean, deviation, new_min, factor):
        if values.shape != (n,):
            raise ModelFileError(f"it scales {values.size} values of its {n} ({side}).")
    if not (deviation != 0).all() or not (factor != 0).all():
        place = int(np.flatnonzero((deviation == 0) | (factor == 0))[0]) + 1
        raise ModelFileError(
            f"it divides {side}put {place} by a deviation or factor of 0. FANN writes them with six decimals, so "
            "smaller "
            "ones are lost. Scale the data to larger numbers and train again."
        )
    return mean, deviation, new_min, factor


def _scale_in(parts: dict[str, str], n: int) -> Affine:
    """Return ((x − mean)/deviation + 1)·factor + new_min."""
    mean, deviation, new_min, factor = _scales(parts, "in", n)
    return Affine(factor / deviation, (1 - mean / deviation) * factor + new_min)


def _scale_out(parts: dict[str, str], n: int) -> Affine:
    """Return ((y − new_min)/factor − 1)·deviation + mean."""
    mean, deviation, new_min, factor = _scales(parts, "out", n)
    return Affine(deviation / factor, (-new_min / factor - 1) * deviation + mean)
