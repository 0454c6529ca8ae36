"""PMML 4.4: a NeuralNetwork whose inputs are expressions of the columns of the table.

Fields take what comes as it is (`asIs`): a list of known words, or a replacement of gaps in the mining schema, would
stop at unknown words and hide gaps from the marks of gaps. Medians are therefore in `if(isMissing(x), median, x)`. Two
classes are two logistic neurons of −z and z, so no layer is more than the network has, and none overflows. A quantity
is scaled back by `Targets`, because scorers stop at, or go on beyond, the ends of a NormContinuous as they please.
Several labels a row are a regression of their probabilities, from which the labels are derived.

The vocabulary has four of the hidden units: logistic, tanh, rectifier and identity.
"""

import re
from typing import Any
from xml.etree import ElementTree

import numpy as np

from deltarule.common.arrays import Array
from deltarule.common.errors import InputError
from deltarule.exchange.writing.date_steps import Expression, steps_of
from deltarule.exchange.writing.exported import Exported, Feature, check_dense, unlike

__all__ = ["pmml_bytes", "pmml_labels", "pmml_names"]

_HIDDEN = {"logistic": "logistic", "tanh": "tanh", "relu": "rectifier", "identity": "identity"}

_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

_QUANTITY = {"optype": "continuous", "dataType": "double"}
_WORD = {"optype": "categorical", "dataType": "string"}
_WHOLE = {"optype": "categorical", "dataType": "integer"}


def pmml_bytes(exported: Exported, precision: str) -> bytes:
    """Return a PMML file.

    Raises
    ------
    InputError
        If a hidden unit is none of PMML, a row has several labels, or a name or word cannot stand in XML.
    """
    check_dense(exported, "PMML", "it has no learnt vectors of words, no learnt waves and no units (1 − α) z + α g(z).")
    _check(exported)
    root = ElementTree.Element("PMML", xmlns="http://www.dmg.org/PMML-4_4", version="4.4")
    header = ElementTree.SubElement(root, "Header", description="Multilayer perceptron")
    ElementTree.SubElement(header, "Application", name="deltarule", version=exported.version)
    fields, targets = pmml_names(exported)
    _dictionary(root, exported, fields, targets)
    network = ElementTree.SubElement(
        root,
        "NeuralNetwork",
        modelName=exported.name,
        functionName="classification" if _is_classification(exported) else "regression",
        activationFunction="identity",
    )
    schema = ElementTree.SubElement(network, "MiningSchema")
    for name in targets:
        ElementTree.SubElement(schema, "MiningField", name=name, usageType="target")
    for name in fields:
        ElementTree.SubElement(schema, "MiningField", name=name, invalidValueTreatment="asIs")
    _output(network, exported, targets)
    if exported.scale is not None:
        mean, deviation = map(repr, exported.scale)
        scaling = ElementTree.SubElement(network, "Targets")
        ElementTree.SubElement(scaling, "Target", field=targets[0], rescaleFactor=deviation, rescaleConstant=mean)
    _inputs(network, exported, fields, _angles(network, exported, fields))
    _layers(network, exported, precision)
    _neural_outputs(network, exported, targets)
    ElementTree.indent(root)
    data: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return data


def pmml_names(exported: Exported) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of the fields that come in, and of those that are predicted."""
    fields = tuple(column.name for column in exported.columns) or exported.names
    wanted = exported.target or "prediction"
    n = 1 if _is_classification(exported) else exported.K
    targets = tuple(unlike(wanted if n == 1 else f"{wanted} {k + 1}", fields) for k in range(n))
    return fields, targets


def pmml_labels(exported: Exported) -> list[str]:
    """Return the labels as they are written, for a network that gives a row one of them."""
    return [_said(label) for label in _labels(exported)]


def _is_classification(exported: Exported) -> bool:
    return exported.classes is not None and not exported.several


def _check(exported: Exported) -> None:
    if other := [unit.name for unit in exported.units if unit.name not in _HIDDEN]:
        raise InputError(
            f"PMML has no hidden unit {other[0]}, but {', '.join(_HIDDEN)} alone. Export to another format, or train "
            "with one of these."
        )
    numbers = [label for label in pmml_labels(exported) if label.lstrip("-").isdecimal()]
    if any(abs(int(label)) >= 2**31 for label in numbers) and _type(exported) == _WHOLE:
        raise InputError(
            "A label is a whole number beyond 32 bits, which scorers of PMML refuse. Take another format, or train "
            "with labels that are texts."
        )
    texts = [*exported.names, exported.target, *(column.name for column in exported.columns)]
    texts += [word for column in exported.columns for word in column.words if word is not None]
    texts += exported.classes.tolist() if exported.classes is not None and exported.classes.dtype.kind == "U" else []
    if strange := [text for text in texts if _NOT_IN_XML.search(text)]:
        raise InputError(
            f"The text {strange[0][:40]!r} holds a control character, which no XML file can. Take another format."
        )


def _dictionary(parent: Any, exported: Exported, fields: tuple[str, ...], targets: tuple[str, ...]) -> None:
    dictionary = ElementTree.SubElement(parent, "DataDictionary")
    for name in targets:
        field = ElementTree.SubElement(dictionary, "DataField", {"name": name, **_type(exported)})
        for label in _labels(exported):
            ElementTree.SubElement(field, "Value", value=_said(label))
    quantities = [column.is_quantity for column in exported.columns] or [True] * len(fields)
    for name, is_quantity in zip(fields, quantities, strict=True):
        ElementTree.SubElement(dictionary, "DataField", {"name": name, **(_QUANTITY if is_quantity else _WORD)})


def _type(exported: Exported) -> dict[str, str]:
    """Return the attributes of the field that is predicted."""
    if exported.classes is None or exported.several:
        return _QUANTITY
    kinds = {"U": "string", "b": "boolean", "f": "double"}
    return {"optype": "categorical", "dataType": kinds.get(exported.classes.dtype.kind, "integer")}


def _labels(exported: Exported) -> list[Any]:
    return [] if exported.classes is None or exported.several else exported.classes.tolist()


def _said(label: Any) -> str:
    return str(label).lower() if isinstance(label, bool) else str(label)


def _output(parent: Any, exported: Exported, targets: tuple[str, ...]) -> None:
    output = ElementTree.SubElement(parent, "Output")
    for n, name in enumerate(targets, 1):
        more = {"targetField": name} if len(targets) > 1 else {}
        number = "" if len(targets) == 1 else f" {n}"
        told = {"name": f"predicted{number}", "feature": "predictedValue", **_type(exported), **more}
        ElementTree.SubElement(output, "OutputField", told)
        if exported.several:
            told = {
                "name": f"label{number}",
                "feature": "transformedValue",
                "optype": "categorical",
                "dataType": "integer",
            }
            choice = _apply(ElementTree.SubElement(output, "OutputField", told), "if")
            greater = _apply(choice, "greaterThan")
            ElementTree.SubElement(greater, "FieldRef", field=f"predicted{number}")
            _constant(greater, 0.5)
            for label in ("1", "0"):
                ElementTree.SubElement(choice, "Constant", dataType="integer").text = label
    for label in _labels(exported):
        said = _said(label)
        told = {"name": f"probability({said})", "feature": "probability", "value": said, **_QUANTITY}
        ElementTree.SubElement(output, "OutputField", told)


def _angles(parent: Any, exported: Exported, fields: tuple[str, ...]) -> dict[tuple[int, str], str]:
    """Add derived fields for the parts of dates; return the name of the angle of each."""
    steps = steps_of(exported, fields)
    if steps:
        local = ElementTree.SubElement(parent, "LocalTransformations")
        for name, expression in (item for some in steps.values() for item in some.items()):
            _write(ElementTree.SubElement(local, "DerivedField", {"name": name, **_QUANTITY}), expression)
    return {key: list(some)[-1] for key, some in steps.items()}


def _write(parent: Any, expression: Expression) -> None:
    if isinstance(expression, str):
        ElementTree.SubElement(parent, "FieldRef", field=expression)
    elif isinstance(expression, float):
        _constant(parent, expression)
    else:
        apply = _apply(parent, expression[0])
        for argument in expression[1:]:
            _write(apply, argument)


def _inputs(parent: Any, exported: Exported, fields: tuple[str, ...], angles: dict[tuple[int, str], str]) -> None:
    inputs = ElementTree.SubElement(parent, "NeuralInputs", numberOfInputs=str(exported.sizes[0]))
    for n in range(exported.sizes[0]):
        neuron = ElementTree.SubElement(inputs, "NeuralInput", id=f"0,{n}")
        field = ElementTree.SubElement(neuron, "DerivedField", _QUANTITY)
        if exported.columns:
            _expression(field, exported, exported.features[n], fields, angles)
        else:
            ElementTree.SubElement(field, "FieldRef", field=fields[n])


def _expression(
    parent: Any,
    exported: Exported,
    feature: Feature,
    fields: tuple[str, ...],
    angles: dict[tuple[int, str], str],
) -> None:
    name, column = fields[feature.column], exported.columns[feature.column]
    if feature.what == "value":
        ratio = _apply(parent, "/")
        difference = _apply(ratio, "-")
        choice = _if_missing(difference, name)
        _constant(choice, column.median)
        ElementTree.SubElement(choice, "FieldRef", field=name)
        _constant(difference, feature.mean)
        _constant(ratio, feature.deviation)
    elif feature.what == "gap" or (feature.what == "word" and feature.word is None):
        choice = _if_missing(parent, name)
        _constant(choice, (1 - feature.mean) / feature.deviation)
        _constant(choice, -feature.mean / feature.deviation)
    elif feature.what == "word":
        choice = _if_missing(parent, name)
        _constant(choice, 0.0)
        choice = _apply(choice, "if")
        equal = _apply(choice, "equal")
        if feature.word:
            ElementTree.SubElement(equal, "FieldRef", field=name)
            ElementTree.SubElement(equal, "Constant", dataType="string").text = feature.word
        else:  # PMML4S takes an empty constant for a missing one
            ElementTree.SubElement(_apply(equal, "stringLength"), "FieldRef", field=name)
            ElementTree.SubElement(equal, "Constant", dataType="integer").text = "0"
        _constant(choice, 1.0)
        _constant(choice, 0.0)
    else:
        choice = _if_missing(parent, name)
        _constant(choice, 0.0)
        wave = _apply(choice, {"sine": "sin", "cosine": "cos"}[feature.what])
        ElementTree.SubElement(wave, "FieldRef", field=angles[feature.column, feature.part])


def _apply(parent: Any, function: str) -> Any:
    return ElementTree.SubElement(parent, "Apply", function=function)


def _if_missing(parent: Any, name: str) -> Any:
    choice = _apply(parent, "if")
    ElementTree.SubElement(_apply(choice, "isMissing"), "FieldRef", field=name)
    return choice


def _constant(parent: Any, value: float) -> None:
    ElementTree.SubElement(parent, "Constant", dataType="double").text = repr(float(value))


def _layers(parent: Any, exported: Exported, precision: str) -> None:
    for n, Theta in enumerate(exported.Thetas, 1):
        is_last = n == len(exported.Thetas)
        if is_last:
            function, more = _last(exported)
        else:
            function, more = _HIDDEN[exported.units[n - 1].name], {}
        rows = np.vstack([-Theta, Theta]) if is_last and exported.is_binary else Theta
        told = {"numberOfNeurons": str(len(rows)), "activationFunction": function, **more}
        _neurons(ElementTree.SubElement(parent, "NeuralLayer", told), n, rows.astype(precision).astype(np.float64))


def _last(exported: Exported) -> tuple[str, dict[str, str]]:
    if exported.output == "softmax":
        return "identity", {"normalizationMethod": "softmax"}
    if exported.is_binary or exported.several:
        return "logistic", {}
    if exported.output == "sigmoid":
        return "logistic", {"normalizationMethod": "simplemax"}
    return {"identity": "identity", "exp": "exponential"}[exported.output], {}


def _neurons(layer: Any, n: int, Theta: Array) -> None:
    for i, (bias, *weights) in enumerate(Theta.tolist()):
        neuron = ElementTree.SubElement(layer, "Neuron", {"id": f"{n},{i}", "bias": repr(bias)})
        for j, weight in enumerate(weights):
            ElementTree.SubElement(neuron, "Con", {"from": f"{n - 1},{j}", "weight": repr(weight)})


def _neural_outputs(parent: Any, exported: Exported, targets: tuple[str, ...]) -> None:
    outputs = ElementTree.SubElement(parent, "NeuralOutputs", numberOfOutputs=str(exported.answers))
    for k in range(exported.answers):
        output = ElementTree.SubElement(outputs, "NeuralOutput", outputNeuron=f"{len(exported.Thetas)},{k}")
        field = ElementTree.SubElement(output, "DerivedField", _type(exported))
        if labels := _labels(exported):
            ElementTree.SubElement(field, "NormDiscrete", field=targets[0], value=_said(labels[k]))
        else:
            ElementTree.SubElement(field, "FieldRef", field=targets[k])
