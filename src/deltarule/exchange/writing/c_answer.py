"""z to the answer, in C: labels, probabilities, quantities; for several members the mean of theirs, in double."""

import numpy as np

from deltarule.exchange.writing.c_context import Context
from deltarule.exchange.writing.exported import Exported
from deltarule.tabular.calibration import QuadraticScaling

__all__ = ["answer_helpers", "label_type", "predict", "signature_of"]

_TOGETHER = """static double share(double z)
{
    double e = exp(-fabs(z));
    return (z >= 0 ? 1 : e) / (1 + e);
}
"""


_SORTED = [
    "    for (n = 1; n < {K}; n++) {{ /* quantiles do not cross */",
    "        moved = z[n];",
    "        for (k = n; k > 0 && z[k - 1] > moved; k--)",
    "            z[k] = z[k - 1];",
    "        z[k] = moved;",
    "    }}",
]


def label_type(exported: Exported) -> str:
    """Return the type of a label."""
    kind = exported.classes.dtype.kind if exported.classes is not None else ""
    return {"U": "const char *", "f": "double ", "u": "unsigned long long ", "b": "int "}.get(kind, "long long ")


def signature_of(context: Context) -> str:
    """Return the declaration of the function that predicts a row."""
    exported, name, row = context.exported, context.name, context.row
    if exported.classes is None:
        return f"void {name}_predict({row}, double *prediction); /* {exported.K} */"
    probability = f"{context.answer} *probability"
    if exported.several:
        return f"void {name}_predict({row}, int *label, {probability}); /* {exported.K} of each */"
    return f"{label_type(exported)}{name}_predict({row}, {probability}); /* {exported.answers} */"


def answer_helpers(context: Context) -> str:
    """Return the functions that the answer of several members calls."""
    q = context.exported.calibration
    if not isinstance(q, QuadraticScaling):
        return ""
    rising = f"inside * inside / {2 * (q.high - q.low)!r}" if q.high > q.low else "0"
    first, second = q.at_middle
    return (
        _TOGETHER
        + f"""
static double calibrated(double z)
{{
    const double low = {q.low!r}, high = {q.high!r};
    double inside = (z < low ? low : z > high ? high : z) - low;
    double rising = {rising};
    double A = inside - rising + (z < low ? z - low : 0) - {_in_brackets(first)};
    double B = rising + (z > high ? z - high : 0) - {_in_brackets(second)};
    return z + ({q.shift!r} + A * {_in_brackets(q.low_slope - 1)} + B * {_in_brackets(q.high_slope - 1)});
}}
"""
    )


def _in_brackets(value: float) -> str:
    return f"({value!r})" if value < 0 else repr(value)


def predict(context: Context) -> str:
    """Return the functions that are called from outside."""
    exported = context.exported
    signature = signature_of(context).partition(";")[0]
    if exported.is_committee:
        return _together(context, signature)
    K, real, f = exported.K, context.real, context.suffix
    if exported.classes is None:
        h = "exp(h[n])" if exported.output == "exp" and not f else "expf(h[n])" if exported.output == "exp" else "h[n]"
        if exported.scale is not None:
            h = f"{exported.scale[0]!r} + {exported.scale[1]!r} * (double){h}"
        lines = [f"{real} h[{K}];", "int n;", "weighted_inputs(row, h);"]
        lines += [f"for (n = 0; n < {K}; n++)\n        prediction[n] = {h};"]
    elif exported.several:
        lines = ["int n;", "weighted_inputs(row, probability);", f"for (n = 0; n < {K}; n++) {{"]
        lines += ["    probability[n] = logistic(probability[n]);"]
        lines += [f"    label[n] = probability[n] > {context.number(0.5)};", "}"]
    elif exported.is_binary:
        lines = [f"{real} z;", "weighted_inputs(row, &z);", "probability[0] = logistic(-z);"]
        lines += ["probability[1] = logistic(z);", f"return labels[probability[1] > {context.number(0.5)}];"]
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
        lines += [f"    probability[n] = total > 0 ? probability[n] / total : {context.number(1 / K)};"]
        lines += ["return labels[best];"]
    return f"{signature}\n{{\n{''.join(f'    {line}{chr(10)}' for line in lines)}}}\n"


def _together(context: Context, signature: str) -> str:
    """Return the function that predicts a row by all members."""
    exported, real = context.exported, context.real
    K, M = exported.K, len(exported.thetas)
    out = "prediction" if exported.classes is None else "probability"
    lines = [f"{real} x[{exported.sizes[0]}], z[{K}];", "int m, n;"]
    before: list[str] = []
    if exported.quantity is not None:
        for name in ("means", "deviations", "lowest", "highest"):
            numbers = np.broadcast_to(getattr(exported.quantity, name), (K,))  # one for all quantiles
            values = ", ".join(map(repr, numbers.tolist()))
            before.append(f"static const double {name}[] = {{{values}}};\n")
        lines += ["double y;"]
        h = "exp((double)z[n])" if exported.quantity.output == "exp" else "(double)z[n]"
        is_sorted = exported.quantity.output == "pinball"
        lines += [f"{real} moved;", "int k;"] if is_sorted else []
        add = [line.format(K=K) for line in _SORTED if is_sorted] + [
            f"    for (n = 0; n < {K}; n++) {{",
            f"        y = means[n] + deviations[n] * {h};",
            "        y = y < lowest[n] ? lowest[n] : y > highest[n] ? highest[n] : y;",
            "        prediction[n] += y;",
            "    }",
        ]
    elif isinstance(exported.calibration, QuadraticScaling):
        lines += ["double q;"]
        add = [
            "    q = calibrated((double)z[1] - (double)z[0]);",
            "    probability[0] += share(-q);",
            "    probability[1] += share(q);",
        ]
    else:
        assert exported.calibration is not None
        beta = repr(exported.calibration.beta)
        lines += [f"double e[{K}], largest, total;", "int best = 0;"]
        add = [
            "    largest = (double)z[0];",
            f"    for (n = 1; n < {K}; n++)",
            "        largest = (double)z[n] > largest ? (double)z[n] : largest;",
            "    total = 0;",
            f"    for (n = 0; n < {K}; n++)",
            f"        total += e[n] = exp({beta} * ((double)z[n] - largest));",
            f"    for (n = 0; n < {K}; n++)",
            "        probability[n] += e[n] / total;",
        ]
    lines += ["encode(row, x);", f"for (n = 0; n < {K}; n++)", f"    {out}[n] = 0;"]
    lines += [f"for (m = 0; m < {M}; m++) {{", "    member(thetas[m], x, z);", *add, "}"]
    lines += [f"for (n = 0; n < {K}; n++)", f"    {out}[n] /= {M};"]
    if isinstance(exported.calibration, QuadraticScaling):
        lines += ["return labels[probability[1] > probability[0]];"]
    elif exported.classes is not None:
        lines += [*_best(K), "return labels[best];"]
    body = "".join(f"    {line}\n" for line in lines)
    return f"{''.join(before)}{signature}\n{{\n{body}}}\n"


def _best(K: int) -> list[str]:
    return [f"for (n = 1; n < {K}; n++)", "    if (probability[n] > probability[best])", "        best = n;"]
