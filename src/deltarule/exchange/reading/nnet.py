"""R's nnet, saved by `saveRDS` or `save`.

Its `wts` are θ of this library: for each unit the bias first, hidden units before outputs. The object has no
`linout`: outputs are logistic where `nsunits` counts them among the sigmoid units, else linear, or softmax if it says
so. A factor in the formula is a column for each level but the first.
"""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from deltarule.common.arrays import Array
from deltarule.common.errors import ModelFileError
from deltarule.exchange.reading.columns import Column, Numbers, Words, encoded_names
from deltarule.exchange.reading.file import ForeignFile, unpacked
from deltarule.exchange.reading.foreign import Found
from deltarule.exchange.reading.rds import CALL, PAIRS, STRINGS, SYMBOL, RValue, read_r
from deltarule.exchange.reading.stages import Activation, Stage, Weights

__all__ = ["read_nnet"]


def read_nnet(file: ForeignFile) -> Found:
    """Return what an nnet object in a file of R holds.

    Raises
    ------
    ModelFileError
        If the file is damaged, holds another object, or a network with skip-layer connections.
    """
    file = ForeignFile(file.path, unpacked(file.data))
    net = _object(read_r(file.data)).entries()
    sizes = [int(n) for n in net["n"].value]
    theta = np.asarray(net["wts"].value, dtype=np.float64)
    if len(sizes) != 3 or min(sizes[0], sizes[2]) < 1 or sizes[1] < 0:
        raise ModelFileError(f"its sizes n are {sizes[:10]}.")
    file.check_room((sizes[0] + 1) * max(sizes[1], sizes[2]) + (sizes[1] + 1) * sizes[2])
    n_units = 1 + sum(sizes)
    logistic = int(net["nsunits"].value[0]) == n_units
    softmax = bool(net["softmax"].value[0])
    matrices = _matrices(sizes, net["nconn"].value, net["conn"].value, theta)
    stages: list[Stage] = []
    for Theta in matrices:
        stages += [Weights(Theta[:, 1:], Theta[:, 0]), Activation("logistic")]
    stages[-1] = Activation("softmax" if softmax else "logistic" if logistic else "identity")
    notes = []
    if sizes[1] or (logistic and not softmax):
        notes.append("nnet takes logistic units for 0 or 1 beyond |z| = 15; here they go on, by 3e-7 a unit at most.")
    columns, before = _columns(net, sizes[0], notes)
    levels = _texts(net.get("lev"))
    if levels is None and logistic and not softmax:
        notes.append("Outputs are logistic, for a numeric response: nnet was called without linout=TRUE.")
    return Found(
        "R nnet",
        sizes[0],
        stages,
        before=before,
        columns=columns,
        labels=tuple(levels) if levels else None,
        notes=tuple(notes),
        has_classes=softmax,
        target=_response(net.get("terms")),
    )


def _object(value: RValue) -> RValue:
    """Return the one nnet in a file."""
    if value.kind in PAIRS and not value.classes:  # what `save` writes
        nets = {name: one for name, one in value.entries().items() if "nnet" in one.classes}
        if len(nets) != 1:
            raise ModelFileError(f"it holds {len(nets)} nnet objects. Save the one: saveRDS(net, 'net.rds').")
        (value,) = nets.values()
    if "nnet" in value.classes:
        return value
    entries = value.entries()
    where = next((name for name, one in entries.items() if "nnet" in one.classes), None)
    kind = ", ".join(value.classes[:3]) or "plain value"
    raise ModelFileError(
        f"it holds a {kind}, and no nnet. "
        + (
            f"Save its network alone, saveRDS(x${where}, 'net.rds'), and scale its inputs yourself if {kind} does."
            if where
            else "Save an object that nnet::nnet made."
        )
    )


def _matrices(sizes: Sequence[int], starts: Any, sources: Any, theta: Array) -> list[Array]:
    """Return Θ⁽¹⁾ and Θ⁽²⁾; Θ⁽¹⁾ alone where there are no hidden units."""
    inputs, hidden, outputs = sizes
    below = [(0, inputs)] * hidden + [(inputs, hidden) if hidden else (0, inputs)] * outputs
    matrices = [np.zeros((hidden, inputs + 1)), np.zeros((outputs, (hidden or inputs) + 1))]
    for n, (first, width) in enumerate(below):
        unit = 1 + inputs + n
        start, end = int(starts[unit]), int(starts[unit + 1])
        if not 0 <= start <= end <= len(theta) or end > len(sources):
            raise ModelFileError(f"its units have connections {start} to {end}, but it has {len(theta)} weights.")
        row = matrices[0][n] if n < hidden else matrices[1][n - hidden]
        for source, weight in zip(sources[start:end].astype(int).tolist(), theta[start:end].tolist(), strict=True):
            if source == 0:
                row[0] = weight
            elif first < source <= first + width:
                row[source - first] = weight
            else:
                raise ModelFileError(
                    "it has skip-layer connections (skip=TRUE), from inputs to outputs past the hidden layer. Layers "
                    "here "
                    "take what the layer below gives."
                )
    return matrices if hidden else matrices[1:]


def _columns(net: dict[str, RValue], inputs: int, notes: list[str]) -> tuple[tuple[Column, ...] | None, Weights | None]:
    """Return the variables of the formula, and how the columns of its model matrix follow from them."""
    names = _texts(net.get("coefnames"))
    if names is None or len(names) != inputs:
        return None, None
    levels = {name: _texts(one) or [] for name, one in net["xlevels"].entries().items()} if "xlevels" in net else {}
    classes = _classes_of(net.get("terms"))
    columns: list[Column] = []
    words: list[tuple[str, str | None]] = []  # (column, word) of each column of the model matrix
    at = 0
    while at < inputs:
        factor, one = next(
            (
                (name, of)
                for name, of in levels.items()
                for of in (of[1:], of)
                if of and names[at : at + len(of)] == [f"{name}{level}" for level in of]
            ),
            ("", []),
        )
        if factor:
            columns.append(Words(factor, tuple(levels[factor])))
            words += [(factor, level) for level in one]
            at += len(one)
            continue
        name = names[at]
        if name == "(Intercept)":  # multinom's own column of ones
            words.append(("", None))
        elif name.endswith("TRUE") and classes.get(name[:-4]) == "logical":
            columns.append(Words(name[:-4], ("false", "true")))
            words.append((name[:-4], "true"))
        else:
            columns.append(Numbers(name))
            words.append((name, ""))
        at += 1
    others = tuple(set(levels) - {one.name for one in columns if isinstance(one, Words)})  # of other contrasts
    strange = [
        one.name
        for one in columns
        if isinstance(one, Numbers) and (one.name.startswith(others) or not re.fullmatch(r"[A-Za-z.][\w.]*", one.name))
    ]
    if strange:
        notes.append(
            f"Columns of R's model matrix that are computed from variables are columns here: {', '.join(strange[:8])}."
        )
    encoded = {pair: at for at, pair in enumerate(encoded_names(columns))}
    W, b = np.zeros((inputs, len(encoded))), np.zeros(inputs)
    for row, pair in enumerate(words):
        if pair == ("", None):
            b[row] = 1
        else:
            W[row, encoded[pair]] = 1
    if any(isinstance(column, Words) for column in columns):
        notes.append("Factors are coded as R's treatment contrasts: the first level, and a gap, is all zeros.")
    return tuple(columns), Weights(W, b)


def _texts(value: RValue | None) -> list[str] | None:
    return [str(one) for one in value.value] if value is not None and value.kind == STRINGS else None


def _classes_of(terms: RValue | None) -> dict[str, str]:
    found = terms.attributes.get("dataClasses") if terms is not None else None
    return dict(zip(found.names, found.value, strict=False)) if found is not None and found.kind == STRINGS else {}


def _response(terms: RValue | None) -> str:
    """Return the left side of a formula if it is a name."""
    if terms is not None and terms.kind == CALL and len(terms.value) == 3 and terms.value[1][1].kind == SYMBOL:
        return str(terms.value[1][1].value)
    return "y"
