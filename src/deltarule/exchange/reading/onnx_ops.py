"""What the operations of ONNX do to single values, and to constants."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from deltarule.common.arrays import Array
from deltarule.exchange.reading.stages import Activation, Affine, Stage
from deltarule.network.parts import Unit

__all__ = ["BINARY", "folded", "unary"]

Unary = tuple[Callable[[Array], Array], tuple[Stage, ...] | None]
"""g, and the same function as affine maps around a unit where the values of g alone would not identify the unit."""


def _logistic(z: Array) -> Array:
    e = np.exp(-np.abs(z))
    return np.asarray(np.where(z >= 0, 1, e) / (1 + e))


def _erf(z: Array) -> Array:
    from scipy.special import erf

    return np.asarray(erf(z))


_PLAIN: dict[str, Callable[[Array], Array]] = {
    "Abs": np.abs,
    "Erf": _erf,
    "Exp": np.exp,
    "Floor": np.floor,
    "Identity": lambda z: z,
    "Log": np.log,
    "Neg": np.negative,
    "Not": np.logical_not,
    "Reciprocal": lambda z: 1 / z,
    "Round": np.round,
    "Sign": np.sign,
    "Softsign": lambda z: z / (1 + np.abs(z)),
    "Sqrt": np.sqrt,
}

_UNITS = {"Mish": "mish", "Relu": "relu", "Sigmoid": "logistic", "Softplus": "softplus", "Tanh": "tanh"}

BINARY: dict[str, Callable[[Array, Array], Array]] = {
    "Add": np.add,
    "And": np.logical_and,
    "Div": np.divide,
    "Equal": np.equal,
    "Greater": np.greater,
    "GreaterOrEqual": np.greater_equal,
    "Less": np.less,
    "LessOrEqual": np.less_equal,
    "Max": np.maximum,
    "Min": np.minimum,
    "Mul": np.multiply,
    "Or": np.logical_or,
    "Pow": np.power,
    "Sub": np.subtract,
}


def meant(number: float) -> float:
    """Return the shortest decimal that has the same float32: attributes are stored in it, and 0.01 is meant as 0.01."""
    return float(str(np.float32(number)))


def unary(op: str, attributes: Mapping[str, Any]) -> Unary | None:
    """Return g of an operation on one value; None if there is none."""
    if op in _PLAIN:
        return _PLAIN[op], None
    if op in _UNITS:
        return Unit(_UNITS[op]).g, (Activation(_UNITS[op]),)
    alpha = meant(attributes.get("alpha", {"LeakyRelu": 0.01, "HardSigmoid": 0.2}.get(op, 1.0)))
    if op == "LeakyRelu":
        return lambda z: np.where(z < 0, alpha * z, z), None
    if op == "Elu":
        return lambda z: np.where(z < 0, alpha * np.expm1(np.minimum(z, 0)), z), None
    parts: tuple[Stage, ...] | None
    if op == "Celu":
        parts = (Affine(1 / alpha), Activation("elu"), Affine(alpha)) if alpha else None
        return lambda z: np.where(z < 0, alpha * np.expm1(np.minimum(z, 0) / alpha), z), parts
    if op == "Selu":
        a, scale = (attributes.get(name, default) for name, default in _SELU)
        is_usual = all(attributes.get(name, default) == default for name, default in _SELU)
        parts = None if is_usual else (Activation("elu", (meant(a),)), Affine(meant(scale)))
        return (lambda z: scale * np.where(z < 0, a * np.expm1(np.minimum(z, 0)), z)), parts
    if op == "Gelu":
        name = {"none": "gelu", "tanh": "gelu_tanh"}.get(attributes.get("approximate", "none"))
        return None if name is None else (Unit(name).g, (Activation(name),))
    if op == "Swish":
        return (lambda z: z * _logistic(alpha * z)), (Affine(alpha), Activation("silu"), Affine(1 / alpha))
    if op == "HardSigmoid":
        beta = attributes.get("beta", 0.5)
        return lambda z: np.clip(alpha * z + beta, 0, 1), None
    if op == "HardSwish":
        return lambda z: z * np.clip(z / 6 + 0.5, 0, 1), None
    if op == "ThresholdedRelu":
        return lambda z: np.where(z > alpha, z, 0), None
    return None


_SELU = (("alpha", 1.67326319217681884765625), ("gamma", 1.05070102214813232421875))


def folded(op: str, attributes: Mapping[str, Any], values: list[Array]) -> Array | None:
    """Return the result of an operation on constants; None if it is not one of those that exporters leave in a file."""
    first = values[0]
    if op in BINARY and len(values) == 2 and _is_small(values):
        return np.asarray(BINARY[op](first, values[1]))
    if op == "Transpose":
        return np.transpose(first, attributes.get("perm") or None)
    if op in ("Identity", "Cast", "CastLike"):
        return first
    if op == "Reshape" and len(values) == 2:
        shape = values[1].astype(np.int64).ravel().tolist()
        return first.reshape([first.shape[n] if size == 0 else size for n, size in enumerate(shape)])
    if op in ("Unsqueeze", "Squeeze"):
        axes = attributes.get("axes") or ([int(n) for n in values[1].ravel()] if len(values) > 1 else None)
        if op == "Squeeze":
            return np.squeeze(first, None if axes is None else tuple(axes))
        return np.expand_dims(first, tuple(axes or ()))
    if op in ("Neg", "Sqrt", "Reciprocal", "Exp", "Log"):
        return _PLAIN[op](first)
    return None


def _is_small(values: list[Array]) -> bool:
    """Whether no broadcasting makes more numbers than there are."""
    shape = np.broadcast_shapes(*(value.shape for value in values))
    return int(np.prod(shape, dtype=np.float64)) <= 2 * sum(value.size for value in values) + 16
