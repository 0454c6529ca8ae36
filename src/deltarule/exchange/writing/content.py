"""What a file says of its model beside the numbers of θ, as JSON: enough to make the model again with the same bits.

deltarule        version that wrote it
format           of this description
target, scale    name of the column that is predicted; mean and deviation of a quantity, or null
names            of the columns of X
encoder          what `TableEncoder.to_content` gives, with its arrays as lists; null without a table
sizes, hidden, output    s₁ … s_L, [name, numbers …] of the units of each hidden layer, the output units
classes          {"type", "values"}, or null
several_labels   whether a row has several labels
"""

from typing import Any

import numpy as np

from deltarule.common.errors import InputError
from deltarule.exchange.writing.exported import Exported

__all__ = ["CONTENT_FORMAT", "content_of"]

CONTENT_FORMAT = 1
"""Raised when older readers could not read what is written."""


def content_of(exported: Exported) -> dict[str, Any]:
    """Return the description of a model; JSON keeps every bit of its numbers.

    Raises
    ------
    InputError
        If a label is not finite.
    """
    classes = exported.classes
    if classes is not None and classes.dtype.kind == "f" and not np.isfinite(classes).all():
        raise InputError("A label is not a finite number, which no file can name. Train again without such labels.")
    named = None
    if classes is not None:
        named = {"type": "str" if classes.dtype.kind == "U" else classes.dtype.name, "values": classes.tolist()}
    return {
        "deltarule": exported.version,
        "format": CONTENT_FORMAT,
        "target": exported.target,
        "scale": exported.scale,
        "names": exported.names,
        "encoder": exported.encoder,
        "sizes": exported.sizes,
        "hidden": [[unit.name, *unit.numbers] for unit in exported.units],
        "output": exported.output,
        "classes": named,
        "several_labels": exported.several,
    }
