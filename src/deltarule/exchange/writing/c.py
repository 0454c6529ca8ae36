"""C99: one file without heap, and without libraries but <math.h>, encoder and labels included.

A row is a struct with a member for each column: double, NAN in a gap; a text in UTF-8, a null pointer in a gap; int, 1,
0 or -1 in a gap. Without a table it is an array. Weights are of the precision that was asked for and stand in the file
once: as Θ⁽¹⁾ … row by row, the bias first, or as θ of each member. The encoder computes in double, in which alone a day
has its time.

c_context.py    names, types, numbers
c_encoder.py    a row to X; dates in c_dates.py
c_network.py    X to z; units in c_units.py
c_answer.py     z to labels, probabilities and quantities
c_self_test.py  some rows with what the model says of them
"""

from deltarule.exchange.writing.c_answer import answer_helpers, label_type, predict, signature_of
from deltarule.exchange.writing.c_context import Context
from deltarule.exchange.writing.c_encoder import encoder, encoder_helpers
from deltarule.exchange.writing.c_network import network, network_helpers, weights
from deltarule.exchange.writing.c_self_test import self_test
from deltarule.exchange.writing.c_texts import c_string, comment
from deltarule.exchange.writing.exported import Column, Exported

__all__ = ["c_bytes"]


def c_bytes(exported: Exported, precision: str) -> bytes:
    """Return a file of C99.

    Raises
    ------
    InputError
        If a word or a label is too long for C, or holds a NUL, which ends a text there.
    """
    context = Context(exported, precision)
    pieces = [
        _head(context),
        encoder_helpers(exported),
        network_helpers(context),
        answer_helpers(context),
        weights(context),
        _labels(exported),
        encoder(context),
        network(context),
        predict(context),
        self_test(exported, context.name, context.real, context.number),
    ]
    return "\n".join(piece for piece in pieces if piece).encode("ascii")


def _head(context: Context) -> str:
    exported, name = context.exported, context.name
    n = f"{len(exported.thetas)} x " if len(exported.thetas) > 1 else ""
    takes = "predicts rows of a table" if exported.columns else "takes numbers as they are"
    about = f"predicts {comment(exported.target)}" if exported.target else takes
    lines = [
        f"/* Multilayer perceptron {n}{exported.network}, which {about}. Made by deltarule {exported.version}.",
        "",
        f"   Its self-test: cc -std=c99 -D{name.upper()}_TEST {name}.c -lm && ./a.out */",
        "",
        "#include <math.h>",
        "",
    ]
    if exported.columns:
        lines += [f"struct {name}_row {{"]
        for member, column in zip(context.members, exported.columns, strict=True):
            kind = "double " if column.is_quantity else "int " if column.kind == "boolean" else "const char *"
            lines.append(f"    {kind}{member}; /* {comment(column.name)}: {_cell(column)} */")
        lines += ["};", ""]
    return "\n".join([*lines, signature_of(context), ""])


def _labels(exported: Exported) -> str:
    if exported.classes is None or exported.several:
        return ""
    kind = exported.classes.dtype.kind
    # The smallest whole number of 64 bits is minus one that does not fit.
    ends = {"i": "LL", "u": "ULL"}.get(kind, "")
    values = [
        c_string(label) if kind == "U" else "(-9223372036854775807LL - 1)" if label == -(2**63) else f"{+label!r}{ends}"
        for label in exported.classes.tolist()
    ]
    constant = "const char *const" if kind == "U" else f"const {label_type(exported).strip()}"
    return f"static {constant} labels[] = {{{', '.join(values)}}};\n"


def _cell(column: Column) -> str:
    what = {"number": "NAN", "date": "days since 1970-01-01 (UTC), NAN", "duration": "days, NAN"}
    return f"{what.get(column.kind, '1, 0, or -1' if column.kind == 'boolean' else '0')} in a gap"
