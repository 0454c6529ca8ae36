"""C99: one file without heap, and without libraries but <math.h>, encoder and labels included.

A row is a struct with a member for each column: double, NAN in a gap; a text in UTF-8, a null pointer in a gap; int, 1,
0 or -1 in a gap. Without a table it is an array. Weights are of the precision that was asked for and stand in the file
once, as Θ⁽¹⁾ … row by row, the bias first; the encoder computes in double, in which alone a day has its time.
"""

import re
from typing import Any

import numpy as np

from deltarule.common.arrays import Array
from deltarule.exchange.writing.c_dates import DATE_HELPERS
from deltarule.exchange.writing.c_self_test import self_test
from deltarule.exchange.writing.c_texts import c_string, comment, identifier, identifiers
from deltarule.exchange.writing.c_units import HELPERS, unit_expression
from deltarule.exchange.writing.exported import Column, Exported

__all__ = ["c_bytes"]


class _Writer:
    """The pieces of a file, and what all of them need to know."""

    def __init__(self, exported: Exported, precision: str) -> None:
        self.exported = exported
        self.real, self.suffix = ("float", "f") if precision == "float32" else ("double", "")
        self.precision = precision
        self.name = identifier(exported.name)
        self.members = identifiers(exported.columns)
        self.row = f"const struct {self.name}_row *row" if exported.columns else f"const {self.real} *row"

    def number(self, value: Any) -> str:
        """Return a number of the network with all its digits."""
        return f"{np.float32(value)!s}f" if self.suffix else repr(float(value))

    def text(self) -> str:
        exported = self.exported
        pieces = [
            self.head(),
            self.helpers(),
            self.weights(),
            self.labels(),
            self.encoder(),
            self.network(),
            self.predict(),
        ]
        pieces.append(self_test(exported, self.name, self.real, self.number))
        return "\n".join(piece for piece in pieces if piece)

    def head(self) -> str:
        exported, name = self.exported, self.name
        sizes = "-".join(map(str, exported.sizes))
        about = f"predicts {comment(exported.target)}" if exported.target else "takes numbers as they are"
        lines = [
            f"/* Multilayer perceptron {sizes}, which {about}. Made by deltarule {exported.version}.",
            "",
            f"   Its self-test: cc -std=c99 -D{name.upper()}_TEST {name}.c -lm && ./a.out */",
            "",
            "#include <math.h>",
            "",
        ]
        if exported.columns:
            lines += [f"struct {name}_row {{"]
            for member, column in zip(self.members, exported.columns, strict=True):
                kind = "double " if column.is_quantity else "int " if column.kind == "boolean" else "const char *"
                lines.append(f"    {kind}{member}; /* {comment(column.name)}: {_cell(column)} */")
            lines += ["};", ""]
        return "\n".join([*lines, *self.signatures(), ""])

    def signatures(self) -> list[str]:
        exported = self.exported
        if exported.classes is None:
            return [f"void {self.name}_predict({self.row}, double *prediction); /* {exported.K} */"]
        probability = f"{self.real} *probability"
        if exported.several:
            return [f"void {self.name}_predict({self.row}, int *label, {probability}); /* {exported.K} of each */"]
        return [f"{self.label_type()}{self.name}_predict({self.row}, {probability}); /* {exported.answers} */"]

    def label_type(self) -> str:
        kind = self.exported.classes.dtype.kind if self.exported.classes is not None else ""
        return {"U": "const char *", "f": "double ", "u": "unsigned long long ", "b": "int "}.get(kind, "long long ")

    def helpers(self) -> str:
        exported = self.exported
        used = {name for unit in exported.units if (name := unit_expression(unit, self.suffix)[1])}
        if exported.output == "sigmoid":
            used.add("logistic")
        pieces = [text.format(r=self.real, f=self.suffix) for name, text in HELPERS.items() if name in used]
        pieces += [text for part, text in DATE_HELPERS.items() if any(one.part == part for one in exported.features)]
        if any(one.what == "value" for one in exported.features):
            pieces.append(_FILLED)
        if any(column.words and column.kind != "boolean" for column in exported.columns):
            pieces.append(_SAME)
        return "\n".join([*pieces, _LAYER.format(r=self.real)])

    def weights(self) -> str:
        return "".join(
            f"static const {self.real} Theta{n}[] = {{\n{self.rows(Theta)}}};\n"
            for n, Theta in enumerate(self.exported.Thetas, 1)
        )

    def rows(self, Theta: Array) -> str:
        return "".join(f"    {', '.join(map(self.number, row))},\n" for row in Theta)

    def labels(self) -> str:
        exported = self.exported
        if exported.classes is None or exported.several:
            return ""
        kind = exported.classes.dtype.kind
        # The smallest whole number of 64 bits is minus one that does not fit.
        ends = {"i": "LL", "u": "ULL"}.get(kind, "")
        values = [
            c_string(label)
            if kind == "U"
            else "(-9223372036854775807LL - 1)"
            if label == -(2**63)
            else f"{+label!r}{ends}"
            for label in exported.classes.tolist()
        ]
        constant = "const char *const" if kind == "U" else f"const {self.label_type().strip()}"
        return f"static {constant} labels[] = {{{', '.join(values)}}};\n"

    def encoder(self) -> str:
        exported = self.exported
        if not exported.columns:
            return ""
        tables, lines, place, loops = [], [], 0, False
        for n, feature in enumerate(exported.features):
            column, cell = exported.columns[feature.column], f"row->{self.members[feature.column]}"
            if feature.what == "value":
                v = f"(filled({cell}, {column.median!r}) - {feature.mean!r}) / {feature.deviation!r}"
                lines.append(f"x[{n}] = ({self.real})({v.replace('- -', '+ ')});")
            elif feature.what == "gap":
                yes, no = ((v - feature.mean) / feature.deviation for v in (1.0, 0.0))
                lines.append(f"x[{n}] = isnan({cell}) ? {self.number(yes)} : {self.number(no)};")
            elif feature.part:
                wave = {"sine": "sin", "cosine": "cos"}[feature.what]
                lines.append(f"x[{n}] = ({self.real})(isnan({cell}) ? 0.0 : {wave}({feature.part}_turn({cell})));")
            elif column.kind == "boolean":
                code = {"true": 1, "false": 0, None: -1}[feature.word]
                lines.append(f"x[{n}] = {cell} == {code};")
            elif n >= place:
                words, place, loops = f"words{feature.column + 1}", n + len(column.words), True
                values = ", ".join("0" if word is None else c_string(word) for word in column.words)
                tables.append(f"static const char *const {words}[] = {{{values}}};\n")
                lines.append(f"for (n = 0; n < {len(column.words)}; n++)")
                lines.append(f"    x[{n} + n] = ({self.real})same({cell}, {words}[n]);")
        body = "".join(f"    {line}\n" for line in (["int n;"] if loops else []) + lines)
        return "".join(tables) + f"\nstatic void encode({self.row}, {self.real} *x)\n{{\n{body}}}\n"

    def network(self) -> str:
        """Write (1) for each layer, from one array to the other and back."""
        exported, real = self.exported, self.real
        widths = exported.sizes[1:-1]
        arrays = [f"    {real} x[{exported.sizes[0]}];\n" if exported.columns else ""]
        arrays += [f"    {real} a[{max(widths[0::2])}];\n" if widths else ""]
        arrays += [f"    {real} b[{max(widths[1::2])}];\n" if len(widths) > 1 else ""]
        lines, a = ["encode(row, x);"] if exported.columns else [], "x" if exported.columns else "row"
        for n, Theta in enumerate(exported.Thetas, 1):
            to = "output" if n == len(exported.Thetas) else "ab"[(n - 1) % 2]
            lines.append(f"layer(Theta{n}, {Theta.shape[0]}, {Theta.shape[1] - 1}, {a}, {to});")
            if n < len(exported.Thetas) and exported.units[n - 1].name != "identity":
                g = re.sub(r"\bz\b", f"{to}[n]", unit_expression(exported.units[n - 1], self.suffix)[0])
                lines.append(f"for (n = 0; n < {Theta.shape[0]}; n++)\n        {to}[n] = {g};")
            a = to
        index = "    int n;\n" if any(line.startswith("for") for line in lines) else ""
        body = "".join(f"    {line}\n" for line in lines)
        return f"static void weighted_inputs({self.row}, {real} *output)\n{{\n{''.join(arrays)}{index}{body}}}\n"

    def predict(self) -> str:
        exported = self.exported
        signature = self.signatures()[0].partition(";")[0]
        K, real, f = exported.K, self.real, self.suffix
        if exported.classes is None:
            h = (
                "exp(h[n])"
                if exported.output == "exp" and not f
                else "expf(h[n])"
                if exported.output == "exp"
                else "h[n]"
            )
            if exported.scale is not None:
                h = f"{exported.scale[0]!r} + {exported.scale[1]!r} * (double){h}"
            lines = [f"{real} h[{K}];", "int n;", "weighted_inputs(row, h);"]
            lines += [f"for (n = 0; n < {K}; n++)\n        prediction[n] = {h};"]
        elif exported.several:
            lines = ["int n;", "weighted_inputs(row, probability);", f"for (n = 0; n < {K}; n++) {{"]
            lines += ["    probability[n] = logistic(probability[n]);"]
            lines += [f"    label[n] = probability[n] > {self.number(0.5)};", "}"]
        elif exported.is_binary:
            lines = [f"{real} z;", "weighted_inputs(row, &z);", "probability[0] = logistic(-z);"]
            lines += ["probability[1] = logistic(z);", f"return labels[probability[1] > {self.number(0.5)}];"]
        else:
            lines = [f"{real} total = 0;", "int n, best = 0;", "weighted_inputs(row, probability);"]
            lines += _best(K) if exported.output == "softmax" else []
            start = f"exp{f}(probability[n] - largest)" if exported.output == "softmax" else "logistic(probability[n])"
            if exported.output == "softmax":
                lines.insert(2, f"{real} largest;")
                lines.append("largest = probability[best];")
            lines += [f"for (n = 0; n < {K}; n++)", f"    total += probability[n] = {start};"]
            lines += [] if exported.output == "softmax" else _best(K)
            lines += [f"for (n = 0; n < {K}; n++)"]
            lines += [f"    probability[n] = total > 0 ? probability[n] / total : {self.number(1 / K)};"]
            lines += ["return labels[best];"]
        return f"{signature}\n{{\n{''.join(f'    {line}{chr(10)}' for line in lines)}}}\n"


_FILLED = """static double filled(double cell, double median)
{
    return isnan(cell) ? median : cell;
}
"""

_SAME = """static int same(const char *cell, const char *word)
{
    if (!cell || !word)
        return !cell && !word;
    while (*cell && *cell == *word)
        cell++, word++;
    return *cell == *word;
}
"""

_LAYER = """static void layer(const {r} *Theta, int units, int inputs, const {r} *a, {r} *z)
{{
    int i, j;
    for (i = 0; i < units; i++) {{
        {r} sum = *Theta++;
        for (j = 0; j < inputs; j++)
            sum += *Theta++ * a[j];
        z[i] = sum;
    }}
}}
"""


def c_bytes(exported: Exported, precision: str) -> bytes:
    """Return a file of C99.

    Raises
    ------
    InputError
        If a word or a label is too long for C, or holds a NUL, which ends a text there.
    """
    return _Writer(exported, precision).text().encode("ascii")


def _cell(column: Column) -> str:
    what = {"number": "NAN", "date": "days since 1970-01-01 (UTC), NAN", "duration": "days, NAN"}
    return f"{what.get(column.kind, '1, 0, or -1' if column.kind == 'boolean' else '0')} in a gap"


def _best(K: int) -> list[str]:
    return [f"for (n = 1; n < {K}; n++)", "    if (probability[n] > probability[best])", "        best = n;"]
