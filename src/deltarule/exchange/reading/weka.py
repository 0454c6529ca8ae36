"""Weka's MultilayerPerceptron: the text that it prints, with the ARFF table that it was trained on.

The text holds no scaling. Weka maps each numeric attribute to −1 … 1 by the range of its training values, writes a
nominal one as −1 and +1 (one column for each value, or one column alone for two values), and takes 0 where a value is
missing: the middle of the range. A numeric class is mapped alike and back. Probabilities are K sigmoids divided by
their sum.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from deltarule.common.errors import ModelFileError, SettingsError
from deltarule.exchange.reading.arff import Attribute, read_arff
from deltarule.exchange.reading.columns import Column, Numbers, Words, encoded_names
from deltarule.exchange.reading.file import ForeignFile
from deltarule.exchange.reading.foreign import Found
from deltarule.exchange.reading.stages import Activation, Affine, Stage, Weights

__all__ = ["read_weka"]

_NODE = re.compile(r"(Sigmoid|Linear) Node (\d{1,7})\s*$")
_INPUT = re.compile(r"\s+(Threshold|Node \d{1,7}|Attrib .*?)\s+(\S+)\s*$")
_OPTIONS = re.compile(r"^\s*(?:Options:|Scheme:.*MultilayerPerceptron)(.*)$", re.MULTILINE)


@dataclass
class _Node:
    is_linear: bool
    threshold: float = 0.0
    nodes: dict[int, float] = field(default_factory=dict)
    attributes: dict[str, float] = field(default_factory=dict)


def read_weka(file: ForeignFile, table: ForeignFile | None) -> Found:
    """Return what the text of a MultilayerPerceptron says, with the ranges of its ARFF table.

    Raises
    ------
    SettingsError
        If there is no table.
    ModelFileError
        If text or table are damaged, or do not belong together.
    """
    if table is None:
        raise SettingsError(
            "Weka's text does not hold the ranges by which it scales each attribute. Pass the ARFF file that the "
            "network "
            "was trained on: table=…; on the command line --table train.arff."
        )
    text = file.text
    flags = {word for line in _OPTIONS.findall(text) for word in line.split()}
    nodes, classes = _parse(text)
    attributes, rows = read_arff(table.text)
    if "-B" in flags:
        raise ModelFileError("it was trained with -B, which counts nominal values as 0, 1, 2 …: that is not read.")
    named = {name for node in nodes.values() for name in node.attributes}
    target = _target(attributes, named, classes)
    rows = [row for row in rows if row[attributes.index(target)] is not None]
    layers = _layers(nodes, [number for _, number in classes])
    columns: list[Column] = []
    inputs: dict[str, tuple[int, float, dict[str | None, float]]] = {}  # by Weka's name: column, factor, by word
    for place, attribute in enumerate(attributes):
        if attribute is not target:
            values = [row[place] for row in rows]
            called = _weka_names(attribute, named)
            columns.append(_column(attribute, called, values, len(columns), inputs, "-I" not in flags))
    names = list(inputs)
    if not named <= set(names):
        raise ModelFileError(f"the table has no attribute for {sorted(named - set(names))[:5]} of the text.")
    before = _matrix(columns, inputs)
    file.check_room(len(names) * len(layers[0]) + before.W.size // 64)
    stages = _stages(nodes, layers, names)
    notes = ["Attributes are mapped to −1 … 1 by their ranges in the table, which was folded into Θ."]
    if not _OPTIONS.search(text):
        notes.append("The text has no line of options, so Weka's own are assumed: scaled attributes and class.")
    is_number = target.values is None
    if is_number and "-C" not in flags:
        low, high = _range([row[attributes.index(target)] for row in rows])
        stages.append(Affine((high - low) / 2 or 1.0, (high + low) / 2))
        notes.append(f"The output is mapped back from −1 … 1 to {low:g} … {high:g}, which was folded into Θ.")
    return Found(
        "Weka MultilayerPerceptron",
        len(names),
        stages,
        before=before,
        columns=tuple(columns),
        labels=None if is_number else tuple(name for name, _ in classes),
        notes=tuple(notes),
        shares_one=True,
        target=target.name,
    )


def _parse(text: str) -> tuple[dict[int, _Node], list[tuple[str, int]]]:
    nodes: dict[int, _Node] = {}
    classes: list[tuple[str, int]] = []
    node, name = None, None
    for line in text.splitlines():
        if found := _NODE.match(line):
            node = nodes[int(found[2])] = _Node(found[1] == "Linear")
        elif line.startswith("Class ") or line == "Class":
            node, name = None, line[len("Class") :].strip()
        elif node is not None and (found := _INPUT.match(line)) and found[2] != "Weights":
            what, weight = found[1], float(found[2].replace(",", "."))
            if what == "Threshold":
                node.threshold = weight
            elif what.startswith("Node "):
                node.nodes[int(what[5:])] = weight
            else:
                node.attributes[what[7:].strip()] = weight
        elif name is not None and line.strip().startswith("Node "):
            classes.append((name, int(line.split()[1])))
            name = None
    if not nodes or not classes:
        raise ModelFileError("it is no text of a MultilayerPerceptron: it has no nodes, or no classes.")
    return nodes, classes


def _target(attributes: Sequence[Attribute], named: set[str], classes: Sequence[tuple[str, int]]) -> Attribute:
    labels = tuple(name for name, _ in classes)
    used = {name for attribute in attributes for name in _weka_names(attribute, named) if name in named}
    rest = [one for one in attributes if not used.intersection(_weka_names(one, named))]
    rest = [one for one in rest if (labels == ("",) if one.values is None else tuple(one.values) == labels)]
    if not rest:
        raise ModelFileError(
            f"the table has no attribute with the classes of the text, {', '.join(labels)[:80] or 'a number'}."
        )
    return rest[-1]


def _weka_names(attribute: Attribute, named: set[str]) -> list[str]:
    """Return what the text calls the inputs of an attribute: of two values, Weka 3.9 adds the second to the name."""
    if attribute.values is None or len(attribute.values) <= 2:
        longer = f"{attribute.name}={attribute.values[1]}" if attribute.values and len(attribute.values) == 2 else ""
        return [longer if longer in named else attribute.name]
    return [f"{attribute.name}={value}" for value in attribute.values]


def _column(
    attribute: Attribute,
    names: Sequence[str],
    values: Sequence[str | None],
    place: int,
    inputs: dict[str, tuple[int, float, dict[str | None, float]]],
    is_scaled: bool,
) -> Column:
    """Return the column of an attribute; put in how Weka's inputs follow from it."""
    known = [value for value in values if value is not None]
    if attribute.values is None:
        low, high = _range(values) if is_scaled else (0.0, 0.0)
        half, middle = (high - low) / 2 or 1.0, (high + low) / 2
        inputs[attribute.name] = (place, 1 / half, {"": -middle / half})
        return Numbers(attribute.name, gap=middle)
    words = attribute.values
    ones = [words[-1:]] if len(words) <= 2 else [(word,) for word in words]
    for name, one in zip(names, ones, strict=True):
        share = sum(value in one for value in known)
        span = {share > 0, share < len(known)} if known else {False}
        is_constant = span != {True} and is_scaled
        by_word: dict[str | None, float] = {None: 0.0}
        for word in words:
            plain = 1.0 if word in one else 0.0
            by_word[word] = plain if not is_scaled else 0.0 if is_constant else 2 * plain - 1
        inputs[name] = (place, 0.0, by_word)
    return Words(attribute.name, words, has_mark=True)


def _range(values: Sequence[str | None]) -> tuple[float, float]:
    numbers = [float(value) for value in values if value is not None]
    return (min(numbers), max(numbers)) if numbers else (0.0, 0.0)


def _matrix(columns: Sequence[Column], inputs: dict[str, tuple[int, float, dict[str | None, float]]]) -> Weights:
    """Return Weka's inputs as a matrix on the columns of a table."""
    names = encoded_names(columns)
    W, b = np.zeros((len(inputs), len(names))), np.zeros(len(inputs))
    for row, (place, factor, by_word) in enumerate(inputs.values()):
        column = columns[place]
        b[row] = by_word.get("", 0.0) if isinstance(column, Numbers) else 0.0
        for at, (name, word) in enumerate(names):
            if name == column.name:
                W[row, at] = factor if isinstance(column, Numbers) else by_word[word]
    return Weights(W, b)


def _layers(nodes: dict[int, _Node], outputs: list[int]) -> list[list[int]]:
    """Return the numbers of the nodes of each layer, the outputs last."""
    layers = [outputs]
    seen = set(outputs)
    while True:
        below = sorted({number for node in layers[0] for number in nodes[node].nodes})
        if not below:
            break
        if seen.intersection(below) or any(set(nodes[node].nodes) != set(below) for node in layers[0]):
            raise ModelFileError("its nodes are not in layers in which each is connected to all of the layer below.")
        seen.update(below)
        layers.insert(0, below)
    if len(seen) < len(nodes) or any(nodes[node].attributes for layer in layers[1:] for node in layer):
        raise ModelFileError("its nodes are not in layers: some stand apart, or take attributes in a higher layer.")
    return layers


def _stages(nodes: dict[int, _Node], layers: Sequence[Sequence[int]], names: Sequence[str]) -> list[Stage]:
    stages: list[Stage] = []
    for depth, layer in enumerate(layers):
        kinds = {nodes[number].is_linear for number in layer}
        if len(kinds) > 1 or (True in kinds and depth < len(layers) - 1):
            raise ModelFileError("it has linear nodes among or below sigmoid ones.")
        rows = [
            [nodes[number].attributes.get(name, 0.0) for name in names]
            if depth == 0
            else [nodes[number].nodes[source] for source in layers[depth - 1]]
            for number in layer
        ]
        stages.append(Weights(np.array(rows), np.array([nodes[number].threshold for number in layer])))
        stages.append(Activation("identity" if True in kinds else "logistic"))
    return stages
