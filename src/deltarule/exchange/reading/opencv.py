"""OpenCV's ANN_MLP, as `save` of any version from 2.4 on writes it: XML, YAML or JSON.

Inputs are x·a + b, then each layer has the same function, the last too, and outputs are scaled by y·a + b.
SIGMOID_SYM is β (1 − e^(−αz))/(1 + e^(−αz)) = β tanh(αz/2), so α/2 is folded into the matrix before it and β into the
one behind. Matrices are stored with a row for each input and the bias in the last row.
"""

from typing import Any

import numpy as np

from deltarule.common.arrays import Array
from deltarule.common.errors import ModelFileError
from deltarule.exchange.reading.file import ForeignFile, unpacked
from deltarule.exchange.reading.foreign import Found
from deltarule.exchange.reading.opencv_tree import read_storage
from deltarule.exchange.reading.stages import Activation, Affine, Stage, Weights

__all__ = ["read_opencv"]

NEAR_0 = 1.1920929e-07
"""Parameters closer to 0 than this stand for the default."""


def read_opencv(file: ForeignFile) -> Found:
    """Return what a file of ANN_MLP holds.

    Raises
    ------
    ModelFileError
        If it is damaged, is of another class, or has GAUSSIAN units.
    """
    file = ForeignFile(file.path, unpacked(file.data))
    content = _network(read_storage(file.data, file.text))
    sizes = [int(size) for size in _numbers(content["layer_sizes"])]
    if len(sizes) < 2 or min(sizes) < 1:
        raise ModelFileError(f"its layer_sizes are {sizes[:10]}.")
    matrices = content["weights"]
    if len(matrices) != len(sizes) - 1:
        raise ModelFileError(f"it has {len(matrices)} matrices for {len(sizes)} layers.")
    unit, before, behind, note = _unit(content)
    notes = [note] if note else []
    stages: list[Stage] = [_scale(content, "input_scale", sizes[0], notes)]
    for fan_in, fan_out, values in zip(sizes, sizes[1:], matrices, strict=False):
        numbers = _numbers(values)
        if numbers.size != (fan_in + 1) * fan_out:
            raise ModelFileError(
                f"a matrix has {numbers.size} numbers, but from {fan_in} to {fan_out} units it takes "
                f"{(fan_in + 1) * fan_out}."
            )
        matrix = numbers.reshape(fan_in + 1, fan_out)
        stages += [Weights(matrix[:-1].T, matrix[-1]), Affine(before), unit, Affine(behind)]
    stages.append(_scale(content, "output_scale", sizes[-1], notes))
    stages = [stage for stage in stages if not (isinstance(stage, Affine) and _is_nothing(stage))]
    return Found("OpenCV ANN_MLP", sizes[0], stages, notes=tuple(notes), has_classes=False)


def _network(tree: Any, depth: int = 0) -> dict[str, Any]:
    """Return the mapping that has layer_sizes, wherever it stands."""
    if isinstance(tree, dict) and depth < 4:
        if "layer_sizes" in tree:
            return tree
        for branch in tree.values():
            if found := _network(branch, depth + 1):
                return found
    if depth == 0:
        raise ModelFileError("it holds no ANN_MLP: there are no layer_sizes.")
    return {}


def _numbers(value: Any) -> Array:
    if isinstance(value, dict):  # a matrix, as version 2.4 wrote sizes
        value = value["data"]
    if isinstance(value, str):
        value = value.split()
    return np.array([_number(one) for one in value], dtype=np.float64)


def _number(value: Any) -> float:
    text = str(value).lower()
    return float(text.replace(".inf", "inf").replace(".nan", "nan"))


def _scale(content: dict[str, Any], name: str, n: int, notes: list[str]) -> Affine:
    pairs = _numbers(content[name])
    if pairs.size != 2 * n:
        raise ModelFileError(f"its {name} has {pairs.size} numbers for {n} values.")
    if not np.isfinite(pairs).all():
        raise ModelFileError(
            f"its {name} is not finite, so OpenCV itself predicts NaN: with IDENTITY, RELU or LEAKYRELU it divides by "
            "0 in "
            "training. Train with the flag NO_OUTPUT_SCALE."
        )
    scale = Affine(pairs[::2], pairs[1::2])
    if not _is_nothing(scale):
        notes.append(f"The {name.replace('_', ' ')} was folded into Θ.")
    return scale


def _is_nothing(scale: Affine) -> bool:
    return bool(np.all(np.asarray(scale.a) == 1) and np.all(np.asarray(scale.b) == 0))


def _unit(content: dict[str, Any]) -> tuple[Activation, float, float, str]:
    """Return the units, the factors before and behind them, and what to say of it."""
    name = str(content.get("activation_function", "SIGMOID_SYM"))
    alpha, beta = (_number(content.get(key, 0)) for key in ("f_param1", "f_param2"))
    if name == "SIGMOID_SYM":
        alpha, beta = (default if abs(one) < NEAR_0 else one for one, default in ((alpha, 2 / 3), (beta, 1.7159)))
        return Activation("tanh"), alpha / 2, beta, f"SIGMOID_SYM is {beta:g} tanh({alpha / 2:g} z), folded into Θ."
    if name == "IDENTITY":
        return Activation("identity"), 1.0, 1.0, ""
    if name == "RELU":
        return Activation("relu"), 1.0, 1.0, ""
    if name == "LEAKYRELU":
        return Activation("leaky_relu", (0.01 if abs(alpha) < NEAR_0 else alpha,)), 1.0, 1.0, ""
    raise ModelFileError(f"it has {name[:40]} units, which do not exist here. Train with SIGMOID_SYM or RELU.")
