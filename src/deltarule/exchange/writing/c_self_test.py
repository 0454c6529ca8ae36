"""A program at the end of a file of C: some rows, and what the model says of them."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from deltarule.exchange.writing.c_texts import c_string
from deltarule.exchange.writing.evaluating import encoded, numbers_of_rows, rows_to_try
from deltarule.exchange.writing.exported import Column, Exported

__all__ = ["self_test"]

TOLERANCE = {"double": 1e-12, "float": 1e-5}
"""Largest difference that the self-test accepts, whatever the size of the weights."""

_TEST = """#ifdef {NAME}_TEST
#include <stdio.h>

int main(void)
{{
    {rows}
    static const double expected[][{K}] = {{
{numbers}    }};
    {r} h[{K}];{label}
    double worst = 0;
    int m, k;
    for (m = 0; m < {m}; m++) {{
        {call};
        for (k = 0; k < {K}; k++) {{
            double off = fabs((double)h[k] - expected[m][k]) / fmax(1, fabs(expected[m][k]));
            if (!(off <= worst))
                worst = off;
        }}
    }}
    printf("largest difference in {m} rows: %.3g\\n", worst);
    return !(worst <= {tolerance!r});
}}
#endif
"""


def self_test(exported: Exported, name: str, real: str, number: Callable[[Any], str]) -> str:
    """Return the program.

    Parameters
    ----------
    exported : Exported
    name : str
        Of the functions.
    real : str
        Type of the network.
    number : callable
        Writes a number of it.
    """
    cells = rows_to_try(exported)
    expected = numbers_of_rows(exported, encoded(exported, cells))
    K, tolerance = exported.answers, TOLERANCE[real]
    if exported.columns:
        row, kind = "&rows[m]", f"static const struct {name}_row rows[]"
        rows = [
            ", ".join(_cell(column, values[n]) for column, values in zip(exported.columns, cells, strict=True))
            for n in range(len(expected))
        ]
    else:
        row, kind = "rows[m]", f"static const {real} rows[][{exported.sizes[0]}]"
        rows = [", ".join(map(number, values)) for values in cells]
    if exported.classes is None:
        call, real = f"{name}_predict({row}, h)", "double"
    else:
        real = "double" if exported.is_committee else real
        call = f"{name}_predict({row}, label, h)" if exported.several else f"(void){name}_predict({row}, h)"
    return _TEST.format(
        NAME=name.upper(),
        rows=f"{kind} = {{\n{_lines(rows)}    }};",
        K=K,
        m=len(expected),
        numbers=_lines(", ".join(map(repr, row)) for row in expected.tolist()),
        call=call,
        r=real,
        label=f"\n    int label[{K}];" if exported.several else "",
        tolerance=tolerance,
    )


def _lines(rows: Iterable[str]) -> str:
    return "".join(f"        {{{row}}},\n" for row in rows)


def _cell(column: Column, value: Any) -> str:
    if column.is_quantity:
        return "NAN" if np.isnan(value) else repr(float(value))
    if column.kind == "boolean":
        return {"true": "1", "false": "0", None: "-1"}[value]
    return "0" if value is None else c_string(value)
