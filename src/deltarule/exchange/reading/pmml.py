"""PMML 3 and 4: `NeuralNetwork`, as JPMML, nyoka, KNIME, R, SPSS and others write it.

The activation of the network goes for layers that name none; softmax is a normalisation of a layer. Networks for two
classes are often written with two more layers, one logistic unit and the pair 1 − p, p, which become one logistic
output here.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from deltarule.common.arrays import Array
from deltarule.common.errors import ModelFileError
from deltarule.exchange.reading.file import ForeignFile
from deltarule.exchange.reading.foreign import Found
from deltarule.exchange.reading.pmml_inputs import inputs_of
from deltarule.exchange.reading.stages import Activation, Affine, Stage, Weights
from deltarule.exchange.reading.xml_tree import Element, read_xml

__all__ = ["read_pmml"]

UNITS = {"logistic": "logistic", "tanh": "tanh", "identity": "identity", "rectifier": "relu", "exponential": "exp"}

_CHAIN = ([[0, 1], [1, -1]], [[1, -1], [0, 1]])
"""Θ of the layer that makes 1 − p and p of p, in both orders."""


def read_pmml(file: ForeignFile) -> Found:
    """Return what a PMML file holds.

    Raises
    ------
    ModelFileError
        If it is damaged, holds no NeuralNetwork, or one that does not fit: other units, connections that skip a layer,
        inputs that are no lines.
    """
    root = read_xml(file.data)
    model = root.first("NeuralNetwork")
    if root.name != "PMML" or model is None:
        names = [child.name for child in root if child.name.endswith(("Model", "Network", "Scorecard"))]
        raise ModelFileError(f"it is no PMML with a NeuralNetwork; it holds {', '.join(names[:5]) or root.name[:40]}.")
    notes: list[str] = []
    ids, columns, before = inputs_of(file, root, model, notes)
    layers, last = _layers(file, model, ids)
    outputs = _outputs(model, last)
    Theta, unit, normalised = layers[-1]
    layers[-1] = (Theta[[last.index(neuron) for neuron, _ in outputs]], unit, normalised)
    is_class = model.get("functionName") == "classification"
    labels: tuple[str, ...] | None = tuple(_label(field) for _, field in outputs) if is_class else None
    if is_class and len(layers) > 1 and labels is not None and _ends_in_chain(layers):
        first_is_p = layers[-1][0][0, 1] == 1
        labels = labels[::-1] if first_is_p else labels
        layers.pop()
        if len(layers) > 1 and layers[-1][0].shape == (1, 2) and layers[-2][1] == "identity":
            outer, inner = layers.pop(), layers.pop()
            merged = outer[0][:, 1:] @ inner[0]
            merged[:, 0] += outer[0][:, 0]
            layers.append((merged, outer[1], outer[2]))
        notes.append("The pair of outputs 1 − p and p was recognised as one logistic output.")
    stages: list[Stage] = []
    for layer, (matrix, unit, method) in enumerate(layers):
        if method == "softmax" and layer == len(layers) - 1 and unit == "identity":
            unit = "softmax"
        elif method not in ("none", "") and not (
            method == "simplemax" and unit == "logistic" and layer == len(layers) - 1
        ):
            raise ModelFileError(
                f"layer {layer + 2} has {unit} units normalised by {method[:40]!r}, which is not read."
            )
        stages += [Weights(matrix[:, 1:], matrix[:, 0]), Activation(unit)]
    if not is_class:
        stages += _unscaled(model, [field for _, field in outputs], notes)
    if not np.array_equal(before.W, np.eye(*before.W.shape)) or before.b.any():
        notes.insert(0, "What is done to each input was folded into Θ.")
    return Found(
        f"PMML {root.get('version')[:10]}",
        len(ids),
        stages,
        before=before,
        columns=columns,
        labels=labels,
        notes=tuple(notes),
        has_classes=is_class,
        shares_one=True,
        target=_target(model),
    )


def _layers(file: ForeignFile, model: Element, ids: list[str]) -> tuple[list[tuple[Array, str, str]], list[str]]:
    """Return Θ, units and normalisation of each layer, and the ids of the last."""
    below = ids
    layers = []
    for number, layer in enumerate(model.all("NeuralLayer"), 2):
        neurons = layer.all("Neuron")
        place = {name: at for at, name in enumerate(below, 1)}
        if len(place) < len(below) or not neurons:
            raise ModelFileError(f"layer {number} has no neurons, or two below it have the same id.")
        file.check_room(len(neurons) * (len(below) + 1))
        Theta = np.zeros((len(neurons), len(below) + 1))
        for row, neuron in enumerate(neurons):
            Theta[row, 0] = float(neuron.get("bias", "0"))
            for connection in neuron.all("Con"):
                if connection.get("from") not in place:
                    raise ModelFileError(
                        f"neuron {neuron.get('id')!r} takes {connection.get('from')!r}, which is not in the layer "
                        "below it. "
                        "Layers here take what the layer below gives."
                    )
                Theta[row, place[connection.get("from")]] += float(connection.get("weight"))
        function = layer.get("activationFunction") or model.get("activationFunction")
        if function not in UNITS:
            raise ModelFileError(
                f"layer {number} has {function[:40]} units, which do not exist here. Known are {', '.join(UNITS)}."
            )
        method = layer.get("normalizationMethod") or model.get("normalizationMethod", "none")
        layers.append((Theta, UNITS[function], method))
        below = [neuron.get("id") for neuron in neurons]
    if not layers:
        raise ModelFileError("it has no NeuralLayer.")
    return layers, below


def _outputs(model: Element, last: Sequence[str]) -> list[tuple[str, Element]]:
    """Return the neuron of each output, and what becomes of it."""
    found = model.first("NeuralOutputs")
    outputs = [] if found is None else found.all("NeuralOutput")
    pairs = []
    for output in outputs:
        neuron, field = output.get("outputNeuron"), output.first("DerivedField")
        parts = [] if field is None else [one for one in field if one.name != "Extension"]
        if neuron not in last or len(parts) != 1:
            raise ModelFileError(f"its output {neuron!r} is none of its last layer, or is computed in several ways.")
        pairs.append((neuron, parts[0]))
    if sorted(neuron for neuron, _ in pairs) != sorted(last):
        raise ModelFileError(f"it has {len(last)} neurons in its last layer, but {len(pairs)} outputs.")
    return pairs


def _label(field: Element) -> str:
    if field.name != "NormDiscrete":
        raise ModelFileError(f"it tells classes, but an output is a {field.name}.")
    return field.get("value")


def _ends_in_chain(layers: Sequence[tuple[Array, str, str]]) -> bool:
    Theta, unit, method = layers[-1]
    is_pair = unit == "identity" and method in ("none", "") and Theta.tolist() in _CHAIN
    return is_pair and layers[-2][1] == "logistic"


def _unscaled(model: Element, fields: Sequence[Element], notes: list[str]) -> list[Stage]:
    """Return how the outputs of a regression are scaled back."""
    a, b = np.ones(len(fields)), np.zeros(len(fields))
    targets = _targets(model)
    for n, field in enumerate(fields):
        if field.name == "NormContinuous":
            points = [(float(one.get("orig")), float(one.get("norm"))) for one in field.all("LinearNorm")]
            if len(points) != 2:
                raise ModelFileError(f"output {n + 1} is scaled back by {len(points)} points, which is no line.")
            (o0, n0), (o1, n1) = points
            a[n] = (o1 - o0) / (n1 - n0)
            b[n] = o0 - n0 * a[n]
        elif field.name != "FieldRef":
            raise ModelFileError(f"output {n + 1} is computed by {field.name[:40]}, which is not read.")
        target = targets.get(field.get("field"))
        if target is not None:
            if any(name in target.attributes for name in ("castInteger", "min", "max")):
                raise ModelFileError(
                    "it rounds or cuts its output (castInteger, min, max of Target), which is no line."
                )
            factor, constant = float(target.get("rescaleFactor", "1")), float(target.get("rescaleConstant", "0"))
            a[n], b[n] = factor * a[n], factor * b[n] + constant
    if (a == 1).all() and (b == 0).all():
        return []
    notes.append("The scaling of outputs was folded into Θ.")
    return [Affine(a, b)]


def _targets(model: Element) -> Mapping[str, Element]:
    found = model.first("Targets")
    return {} if found is None else {target.get("field"): target for target in found.all("Target")}


def _target(model: Element) -> str:
    schema = model.first("MiningSchema")
    fields = [] if schema is None else schema.all("MiningField")
    return next((one.get("name") for one in fields if one.get("usageType") in ("target", "predicted")), "y")
