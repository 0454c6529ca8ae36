"""What each layer of Keras does, from its configuration and its weights."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from deltarule.common.arrays import Array
from deltarule.common.errors import ModelFileError
from deltarule.exchange.reading.stages import Activation, Affine, Stage, Weights

__all__ = ["WITH_WEIGHTS", "stages_of_layer"]

PASSED_OVER = {"InputLayer", "Dropout", "GaussianDropout", "GaussianNoise", "AlphaDropout", "ActivityRegularization",
               "Flatten",                "Identity"}  # fmt: skip

WITH_WEIGHTS = {"Dense", "BatchNormalization", "Normalization", "PReLU"}

UNITS: dict[str, tuple[str, tuple[float, ...]]] = {
    "linear": ("identity", ()), "relu": ("relu", ()), "leaky_relu": ("leaky_relu", (0.2,)), "sigmoid": ("logistic", ()),
    "tanh": ("tanh", ()), "softmax": ("softmax", ()), "log_softmax": ("softmax", ()), "elu": ("elu", ()),
    "celu": ("elu", ()),
    "selu": ("selu", ()), "gelu": ("gelu", ()), "gelu_new": ("gelu_tanh", ()),
    "silu": ("silu", ()), "swish": ("silu", ()), "mish": ("mish", ()),
    "softplus": ("softplus", ()), "exponential": ("exp", ()),
}  # fmt: skip
"""Keras's names; its leaky_relu has the slope 0.2."""

SMALLEST = 1e-7
"""The smallest deviation that Keras's Normalization divides by."""


def stages_of_layer(
    kind: str, config: Mapping[str, Any], weights: Mapping[str, Array], notes: list[str]
) -> list[Stage]:
    """Return what a layer does.

    Raises
    ------
    ModelFileError
        If it is no layer that fits.
    """
    name = str(config.get("name", kind))[:40]
    if kind in PASSED_OVER:
        return []
    _check_precision(config.get("dtype"), name, notes)
    if kind == "Dense":
        kernel = weights["kernel"]
        bias = weights["bias"] if config.get("use_bias", True) else np.zeros(kernel.shape[1])
        return [Weights(kernel.T, bias), *_activation(config.get("activation", "linear"), name, notes)]
    if kind == "Activation":
        return _activation(config["activation"], name, notes)
    if kind == "BatchNormalization":
        variance = weights["moving_variance"] + float(config.get("epsilon", 1e-3))
        factor = weights.get("gamma", np.ones(())) / np.sqrt(variance)
        notes.append("Batch normalisation was folded into Θ.")
        return [Affine(factor, weights.get("beta", np.zeros(())) - weights["moving_mean"] * factor)]
    if kind == "Normalization":
        mean, variance = (
            np.ravel(weights[part] if config.get(part) is None else np.asarray(config[part], dtype=np.float64))
            for part in ("mean", "variance")
        )
        deviation = np.maximum(np.sqrt(variance), SMALLEST)
        notes.append("The layer Normalization was folded into Θ.")
        return [Affine(deviation, mean)] if config.get("invert") else [Affine(1 / deviation, -mean / deviation)]
    if kind == "Rescaling":
        notes.append("The layer Rescaling was folded into Θ.")
        return [Affine(np.ravel(config["scale"]), np.ravel(config.get("offset", 0.0)))]
    if kind == "LeakyReLU":
        return [Activation("leaky_relu", (float(config.get("negative_slope", config.get("alpha", 0.3))),))]
    if kind == "ELU":
        return [Activation("elu", (float(config.get("alpha", 1.0)),))]
    if kind == "ReLU":
        slope = float(config.get("negative_slope") or 0.0)
        if config.get("max_value") is not None or (config.get("threshold") or 0.0) != 0:
            raise ModelFileError(
                f"the layer {name!r} is a ReLU with a largest value or a threshold, which is no unit here."
            )
        return [Activation("leaky_relu", (slope,)) if slope else Activation("relu")]
    if kind == "PReLU":
        slopes = np.ravel(weights["alpha"])
        if not (slopes == slopes[0]).all():
            raise ModelFileError(f"the layer {name!r} is a PReLU with a slope for each unit; here a layer has one.")
        return [Activation("leaky_relu", (float(slopes[0]),))]
    if kind == "Softmax":
        if config.get("axis", -1) not in (-1, 1, [-1], [1]):
            raise ModelFileError(f"the layer {name!r} is a softmax along another axis than the last.")
        return [Activation("softmax")]
    raise ModelFileError(f"the layer {name!r} is a {kind[:40]}, which is no part of a network of dense layers.")


def _check_precision(said: Any, name: str, notes: list[str]) -> None:
    """Refuse quantised layers, whose stored numbers are codes; note those that Keras computes with few digits."""
    policy = said.get("config") if isinstance(said, dict) else None
    policy = policy if isinstance(policy, dict) else {}
    mode = policy.get("mode") or (said.partition("_from_")[0] if isinstance(said, str) and "_from_" in said else None)
    if mode:
        raise ModelFileError(
            f"the layer {name!r} is quantised ({str(mode)[:20]}), so its numbers are codes. Save the model from before "
            "quantize()."
        )
    policy_name = str(policy.get("name", said))
    if policy_name.endswith("float16"):
        notes.append(
            f"Keras computes it in {policy_name.removeprefix('mixed_')[:20]}; here its weights have all their digits."
        )


def _activation(said: Any, name: str, notes: list[str]) -> list[Stage]:
    if isinstance(said, dict):
        inner = said.get("config")
        if isinstance(inner, dict):  # a layer as an activation
            return stages_of_layer(str(said.get("class_name")), inner, {}, notes)
        said = inner if isinstance(inner, str) else said.get("class_name")
        if said is None:
            raise ModelFileError(
                f"the layer {name!r} has a function of Python (a lambda) as activation, which is not run. Name one of "
                f"{', '.join(sorted(UNITS))}."
            )
    if said is None:
        said = "linear"
    if said not in UNITS:
        raise ModelFileError(
            f"the layer {name!r} has {str(said)[:40]} units, which do not exist here. Known are "
            f"{', '.join(sorted(UNITS))}."
        )
    if said == "log_softmax":
        notes.append("The outputs of the file are logarithms of probabilities (log_softmax); here probabilities.")
    return [Activation(*UNITS[said])]
