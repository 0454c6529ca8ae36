"""The inputs of a PMML network as a matrix on the columns of a table."""

from collections.abc import Iterable, Mapping

import numpy as np

from deltarule.common.errors import ModelFileError
from deltarule.exchange.reading.columns import Column, Numbers, Words, encoded_names
from deltarule.exchange.reading.file import ForeignFile
from deltarule.exchange.reading.pmml_expressions import Linear, Value, fields_of, value_of
from deltarule.exchange.reading.stages import Weights
from deltarule.exchange.reading.xml_tree import Element

__all__ = ["inputs_of"]

UNKNOWN = "\0 a word that is in no file"


def inputs_of(
    file: ForeignFile, root: Element, model: Element, notes: list[str]
) -> tuple[list[str], tuple[Column, ...], Weights]:
    """Return the ids of the neural inputs, the columns of the table, and the matrix from these to those.

    Raises
    ------
    ModelFileError
        If an input is no line of one number, and no function of one word.
    """
    dictionary, schema = root.first("DataDictionary"), model.first("MiningSchema")
    neural = model.first("NeuralInputs")
    if dictionary is None or schema is None or neural is None:
        raise ModelFileError("it has no DataDictionary, MiningSchema or NeuralInputs.")
    fields = {field.get("name"): field for field in dictionary.all("DataField")}
    mining = {field.get("name"): field for field in schema.all("MiningField")}
    derived = {
        field.get("name"): field
        for place in (root.first("TransformationDictionary"), model.first("LocalTransformations"))
        if place is not None
        for field in place.all("DerivedField")
    }
    ids = [one.get("id") for one in neural.all("NeuralInput")]
    expressions = [_expression(one) for one in neural.all("NeuralInput")]
    of_input = [_only_field(expression, derived) for expression in expressions]
    used = [name for name in mining if name in of_input]
    if missing := {name for name in of_input if name is not None} - set(used):
        raise ModelFileError(f"its inputs take fields that its MiningSchema does not have: {sorted(missing)[:5]}.")
    columns: list[Column] = []
    rules: dict[str, dict[int, dict[str | None, float]]] = {}
    for name in used:
        mine = {n: expressions[n] for n, field in enumerate(of_input) if field == name}
        column, rule = _column(name, fields[name], mining[name], mine, derived, notes)
        columns.append(column)
        rules[name] = rule
    names = encoded_names(columns)
    file.check_room(len(ids) + len(names) * max(map(len, rules.values()), default=0))
    W, b = np.zeros((len(ids), len(names))), np.zeros(len(ids))
    for n, name_of_input in enumerate(of_input):
        if name_of_input is None:
            b[n] = _constant(value_of(expressions[n], None, derived))
            continue
        parts = rules[name_of_input][n]
        b[n] = parts[UNKNOWN]
        for at, (name, word) in enumerate(names):
            if name == name_of_input:
                W[n, at] = parts[word]
    return ids, tuple(columns), Weights(W, b)


def _expression(neural_input: Element) -> Element:
    field = neural_input.first("DerivedField")
    parts = [] if field is None else [child for child in field if child.name not in ("Extension", "Value", "Interval")]
    if len(parts) != 1:
        raise ModelFileError(f"its input {neural_input.get('id')!r} is computed by {len(parts)} expressions.")
    return parts[0]


def _only_field(expression: Element, derived: Mapping[str, Element]) -> str | None:
    found = fields_of(expression, derived)
    if len(found) > 1:
        raise ModelFileError(f"an input takes several fields at once: {', '.join(found[:5])}.")
    return found[0] if found else None


def _column(
    name: str,
    field: Element,
    mining: Element,
    expressions: Mapping[int, Element],
    derived: Mapping[str, Element],
    notes: list[str],
) -> tuple[Column, dict[int, dict[str | None, float]]]:
    """Return a column, and for each of its inputs the constant (UNKNOWN) and what each of its parts adds to it."""
    if mining.get("outliers", "asIs") != "asIs":
        raise ModelFileError(f"it cuts {name!r} at the ends of a range (outliers), which is no line.")
    replacement = mining.attributes.get("missingValueReplacement")
    if field.get("optype") == "continuous":
        return _numbers(name, expressions, derived, replacement, notes)
    gap: Value = replacement
    listed = [value.get("value") for value in field.all("Value") if value.get("property", "valid") == "valid"]
    words = list(dict.fromkeys([*listed, *_words_of(expressions.values(), derived, name)]))
    if field.get("dataType") == "boolean":
        words = list(dict.fromkeys([*words, "false", "true"]))
    rule: dict[int, dict[str | None, float]] = {}
    for n, expression in expressions.items():
        unknown = value_of(expression, UNKNOWN, derived)
        base = _constant(unknown)
        at_gap = value_of(expression, gap, derived)
        rule[n] = {word: _constant(value_of(expression, word, derived)) - base for word in words}
        rule[n][None] = 0.0 if at_gap is None else _constant(at_gap) - base
        rule[n][UNKNOWN] = base
        if at_gap is None:
            notes.append(f"The file gives no value for a gap in {name!r}; here it counts as an unknown word.")
    words = [word for word in words if any(one[word] != 0 for one in rule.values())]
    return Words(name, tuple(words), has_mark=any(one[None] != 0 for one in rule.values())), rule


def _numbers(
    name: str,
    expressions: Mapping[int, Element],
    derived: Mapping[str, Element],
    replacement: str | None,
    notes: list[str],
) -> tuple[Column, dict[int, dict[str | None, float]]]:
    """Return a column of numbers; a gap counts as the number that explains it best, and a mark adds the rest."""
    gap = None if replacement is None else Linear(0.0, float(replacement))
    lines, at_gaps = {}, {}
    for n, expression in expressions.items():
        line = value_of(expression, Linear(1.0, 0.0), derived)
        lines[n] = line if isinstance(line, Linear) else Linear(0.0, _constant(line))
        value = value_of(expression, gap, derived)
        at_gaps[n] = None if value is None else _constant(value)
    known = {n: at for n, at in at_gaps.items() if at is not None}
    if len(known) < len(at_gaps):
        notes.append(f"The file gives no value for a gap in {name!r}; here it counts as 0.")
    filled = next(((at - lines[n].b) / lines[n].a for n, at in known.items() if lines[n].a != 0), 0.0)
    filled = filled if replacement is None else float(replacement)
    rule: dict[int, dict[str | None, float]] = {}
    for n, line in lines.items():
        at_fill = line.a * filled + line.b
        rest = known.get(n, at_fill) - at_fill
        size = abs(line.a * filled) + abs(line.b) + abs(known.get(n, 0.0))
        rule[n] = {"": line.a, None: rest if abs(rest) > 1e-14 * size else 0.0, UNKNOWN: line.b}
    return Numbers(name, gap=filled, has_mark=any(one[None] != 0 for one in rule.values())), rule


def _words_of(expressions: Iterable[Element], derived: Mapping[str, Element], field: str) -> list[str]:
    """Return the words with which a field is compared."""
    found: list[str] = []
    waiting = [*expressions, *derived.values()]
    while waiting:
        element = waiting.pop()
        waiting += element.children
        if element.name == "NormDiscrete" and element.get("field") == field:
            found.append(element.get("value"))
        if element.name == "Constant" and element.get("dataType") == "string":
            found.append(element.text.strip())
    return sorted(set(found))


def _constant(value: Value) -> float:
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, Linear) and value.a == 0:
        return value.b
    raise ModelFileError(f"an input has the value {str(value)[:40]!r}, which is no number.")
