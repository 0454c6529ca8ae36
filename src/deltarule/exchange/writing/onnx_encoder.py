"""The columns of a table to X, in ONNX."""

import json
from typing import Any

import numpy as np

from deltarule.exchange.writing.exported import Column, Exported, Feature, unlike, wave_tables
from deltarule.exchange.writing.onnx_units import Graph
from deltarule.tabular.table_columns import BEND, FAR

__all__ = ["add_encoder", "input_names", "word_of_gap"]

_GAP = "a gap"
"""The text for a gap in a column that has "" among its words."""

_DAYS_OF_400_YEARS, _DAYS_TO_1970 = 146097, 719468
"""The second counts the days from 0000-03-01, the first day of a period of 400 years, to 1970-01-01."""


def input_names(exported: Exported) -> tuple[str, ...]:
    """Return the name of each input: that of the column, unless it is the name of an output."""
    taken = {"label", "probability", "prediction", *(column.name for column in exported.columns)}
    names = []
    for column in exported.columns:
        name = column.name if column.name not in _outputs(exported) else unlike(f"{column.name}_", taken)
        names.append(name)
        taken.add(name)
    return tuple(names) or ("X",)


def word_of_gap(column: Column) -> str:
    """Return what stands for a gap in a column of words: "", unless it is a known word.

    >>> word_of_gap(Column("a", "category", words=("x", None))), word_of_gap(Column("a", "category", words=("", "x")))
    ('', 'a gap')
    """
    return "" if "" not in column.words else unlike(_GAP, column.words)


def _outputs(exported: Exported) -> tuple[str, ...]:
    return ("prediction",) if exported.classes is None else ("label", "probability")


def add_encoder(graph: Graph, exported: Exported, names: tuple[str, ...]) -> tuple[str, list[Any]]:
    """Add the encoder; return X in the precision of the network, and the descriptions of the inputs."""
    from onnx import TensorProto, helper

    if not exported.columns:
        kind = TensorProto.DOUBLE if graph.dtype is np.float64 else TensorProto.FLOAT
        return "X", [helper.make_tensor_value_info("X", kind, ["N", exported.sizes[0]])]
    inputs = [
        helper.make_tensor_value_info(
            name, TensorProto.DOUBLE if column.is_quantity else TensorProto.STRING, ["N", 1], _says(column)
        )
        for name, column in zip(names, exported.columns, strict=True)
    ]
    values, waves, words = (add(graph, exported, names) for add in (_values, _waves, _words))
    if exported.is_committee:
        bent = [_bent(graph, exported, _side_by_side(graph, raw))] if (raw := values + waves + words) else []
        X = _side_by_side(graph, bent + _codes(graph, exported, names))
    else:
        features = [feature for feature in exported.features if feature.what in _VALUES]
        X = _side_by_side(graph, [_scaled(graph, one, features) for one in values] + waves + words)
    return (X if graph.dtype is np.float64 else graph.cast(X, np.float32)), inputs


_VALUES = ("value", "gap")


def _side_by_side(graph: Graph, pieces: list[str]) -> str:
    return pieces[0] if len(pieces) == 1 else graph("Concat", *pieces, axis=1)


def _says(column: Column) -> str:
    what = {"number": "a number", "date": "days since 1970-01-01 (UTC)", "duration": "days"}.get(column.kind)
    if what:
        return f"{what}; NaN in a gap"
    words = ", ".join(json.dumps(word, ensure_ascii=False) for word in column.words[:20] if word is not None)
    return f"one of {words}; {json.dumps(word_of_gap(column))} in a gap"


def _values(graph: Graph, exported: Exported, names: tuple[str, ...]) -> list[str]:
    """Add all values with medians in their gaps, and the marks of gaps."""
    features = [feature for feature in exported.features if feature.what in _VALUES]
    if not features:
        return []
    quantities = [n for n, column in enumerate(exported.columns) if column.is_quantity]
    cells = _side_by_side(graph, [names[n] for n in quantities])
    holes = graph("IsNaN", cells)
    medians = graph.constant([[exported.columns[n].median for n in quantities]], np.float64, "medians")
    v = graph("Where", holes, medians, cells)
    order = [quantities.index(feature.column) for feature in features if feature.what == "value"]
    if order != list(range(len(quantities))):
        v = graph("Gather", v, graph.constant(order, np.int64, "order"), axis=1)
    marked = [quantities.index(feature.column) for feature in features if feature.what == "gap"]
    if marked:
        marks = graph("Gather", holes, graph.constant(marked, np.int64, "marked"), axis=1)
        v = graph("Concat", v, graph.cast(marks, np.float64), axis=1)
    return [v]


def _scaled(graph: Graph, v: str, features: list[Feature]) -> str:
    """Add (v − mean)/deviation."""
    means = graph.constant([[feature.mean for feature in features]], np.float64, "means")
    deviations = graph.constant([[feature.deviation for feature in features]], np.float64, "deviations")
    return graph("Div", graph("Sub", v, means), deviations)


def _bent(graph: Graph, exported: Exported, v: str) -> str:
    """Add u/√(1 + (u/3)²) of the scaled numbers u."""
    u = _scaled(graph, v, [feature for feature in exported.features if feature.is_bent])
    bend, one = graph.constant(BEND, np.float64), graph.constant(1, np.float64)
    share = graph("Div", u, bend)
    near = graph("Div", u, graph("Sqrt", graph("Add", one, graph("Mul", share, share))))
    is_far = graph("Greater", graph("Abs", u), graph.constant(FAR, np.float64))
    return graph("Where", is_far, graph("Mul", graph("Sign", u), bend), near)


def _waves(graph: Graph, exported: Exported, names: tuple[str, ...]) -> list[str]:
    """Add sine and cosine of each part of a date, 0 in a gap.

    Months and weekdays look theirs up, so that they have the bits of the model whatever sine a runtime has.
    """
    pieces = []
    for column, part in dict.fromkeys((one.column, one.part) for one in exported.features if one.part):
        zero = graph.constant(0, np.float64)
        hole = graph("IsNaN", names[column])
        days = graph("Where", hole, zero, names[column])
        whole = graph("Floor", days)
        if part == "time":
            turns = graph("Mul", graph("Sub", days, whole), graph.constant(2 * np.pi, np.float64))
            waves = [graph("Sin", turns), graph("Cos", turns)]
        else:
            place = _weekday(graph, whole) if part == "weekday" else _month(graph, whole)
            waves = [
                graph("Gather", graph.constant(table, np.float64, f"{part}, {name}"), place)
                for name, table in zip(("sine", "cosine"), wave_tables(part), strict=True)
            ]
        pieces += [graph("Where", hole, zero, wave) for wave in waves]
    return pieces


def _weekday(graph: Graph, whole: str) -> str:
    days = graph.cast(whole, np.int64)
    return graph("Mod", graph("Add", days, graph.constant(3, np.int64)), graph.constant(7, np.int64))


def _month(graph: Graph, whole: str) -> str:
    """Add the month from 0 of a day, counted in years that begin in March, so that the leap day is the last one."""

    def number(value: int) -> str:
        return graph.constant(value, np.int64)

    days = graph("Add", graph.cast(whole, np.int64), number(_DAYS_TO_1970))
    day = graph("Mod", days, number(_DAYS_OF_400_YEARS))  # from 0, also before the year 0
    # Leap days so far, taken out of the day, leave years of 365.
    leaps = graph("Sub", graph("Div", day, number(36524)), graph("Div", day, number(1460)))
    leaps = graph("Sub", leaps, graph("Div", day, number(146096)))
    year = graph("Div", graph("Add", day, leaps), number(365))
    before = graph("Add", graph("Mul", year, number(365)), graph("Div", year, number(4)))
    before = graph("Sub", before, graph("Div", year, number(100)))
    in_year = graph("Sub", day, before)
    # Months of 31, 30, 31, 30, 31 days, again and again: 153 in five months.
    month = graph("Div", graph("Add", graph("Mul", in_year, number(5)), number(2)), number(153))
    return graph("Mod", graph("Add", month, number(2)), number(12))


def _words(graph: Graph, exported: Exported, names: tuple[str, ...]) -> list[str]:
    """Add the marks of words, all of a column at once; −1 or 1 where there are two."""
    pieces = []
    found: dict[int, list[Feature]] = {}
    for feature in exported.features:
        if feature.what in ("word", "side"):
            found.setdefault(feature.column, []).append(feature)
    for n, features in found.items():
        is_side = features[0].what == "side"
        words = features[0].words if is_side else tuple(feature.word for feature in features)
        marks = _marks(graph, exported.columns[n], names[n], words)
        if is_side:
            marks = graph("MatMul", marks, graph.constant([[-1], [1]], np.float64, "sides"))
        pieces.append(marks)
    return pieces


def _codes(graph: Graph, exported: Exported, names: tuple[str, ...]) -> list[str]:
    """Add the place of each word among those of its column, −1 for another one."""
    pieces = []
    for feature in exported.features:
        if feature.what == "code":
            marks = _marks(graph, exported.columns[feature.column], names[feature.column], feature.words)
            places = np.arange(1.0, len(feature.words) + 1)[:, np.newaxis]
            place = graph("MatMul", marks, graph.constant(places, np.float64, f"1 to {len(places)}"))
            pieces.append(graph("Sub", place, graph.constant(1, np.float64)))
    return pieces


def _marks(graph: Graph, column: Column, name: str, words: tuple[str | None, ...]) -> str:
    """Add 1 where a cell is a word, else 0, for each of some words."""
    gap = word_of_gap(column)
    told = np.array([[gap if word is None else word for word in words]], dtype=str)
    known = graph.constant(told, str, f"words of {name}")
    return graph.cast(graph("Equal", name, known), np.float64)
