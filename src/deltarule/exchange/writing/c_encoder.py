"""A row of the table to X, in C; all of it in double, in which alone a day has its time."""

from collections.abc import Iterator

from deltarule.exchange.writing.c_context import Context
from deltarule.exchange.writing.c_dates import DATE_HELPERS
from deltarule.exchange.writing.c_texts import c_string
from deltarule.exchange.writing.exported import Exported, Feature
from deltarule.tabular.table_columns import BEND, FAR

__all__ = ["encoder", "encoder_helpers"]

_BOOLEANS = {"true": 1, "false": 0, None: -1}

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

_BENT = f"""static double bent(double u)
{{
    if (fabs(u) > {FAR!r})
        return u > 0 ? {BEND!r} : {-BEND!r};
    return u / sqrt(1 + u / {BEND!r} * (u / {BEND!r}));
}}
"""


def encoder_helpers(exported: Exported) -> str:
    """Return the functions that the encoder calls."""
    features, columns = exported.features, exported.columns
    pieces = [text for part, text in DATE_HELPERS.items() if any(one.part == part for one in features)]
    if any(one.what == "value" for one in features):
        pieces.append(_FILLED)
    if any(one.is_bent and (one.what == "value" or one.part) for one in features):
        pieces.append(_BENT)
    if any(column.words and column.kind != "boolean" for column in columns):
        pieces.append(_SAME)
    return "\n".join(pieces)


def encoder(context: Context) -> str:
    """Return the function that makes X of a row, with the words that it knows; nothing without a table."""
    exported, real = context.exported, context.real
    if not exported.columns:
        return ""
    tables: list[str] = []
    lines: list[str] = []
    rest = list(enumerate(exported.features))
    while rest:
        n, feature = rest[0]
        words = [one for one in rest if one[1].what == "word" and one[1].column == feature.column]
        if feature.what == "word" and exported.columns[feature.column].kind != "boolean":
            tables += _words([one.word for _, one in words], feature.column)
            lines += _marks(context, n, [one for _, one in words], tables)
            rest = rest[len(words) :]
        elif feature.what == "code" and exported.columns[feature.column].kind != "boolean":
            tables += _words(feature.words, feature.column)
            lines.append(f"x[{n}] = -1;")
            lines.append(f"for (n = 0; n < {len(feature.words)}; n++)")
            lines.append(f"    if (same(row->{context.members[feature.column]}, words{feature.column + 1}[n]))")
            lines.append(f"        x[{n}] = ({real})n;")
            rest = rest[1:]
        else:
            lines.append(f"x[{n}] = {_feature(context, feature)};")
            rest = rest[1:]
    index = ["int n;"] if any(line.startswith("for") for line in lines) else []
    body = "".join(f"    {line}\n" for line in index + lines)
    return "".join(tables) + f"\nstatic void encode({context.row}, {real} *x)\n{{\n{body}}}\n"


def _feature(context: Context, feature: Feature) -> str:
    """Return what a column of X is, if it takes no loop."""
    column, cell = context.exported.columns[feature.column], f"row->{context.members[feature.column]}"
    if feature.what == "value":
        return _scaled(context, feature, f"filled({cell}, {column.median!r})")
    if feature.part:
        wave = {"sine": "sin", "cosine": "cos"}[feature.what]
        v = f"isnan({cell}) ? 0.0 : {wave}({feature.part}_turn({cell}))"
        return _scaled(context, feature, f"({v})") if feature.is_bent else f"({context.real})({v})"
    if feature.what == "gap":
        return _choice(context, feature, f"isnan({cell})")
    if feature.what == "word":
        return _choice(context, feature, f"{cell} == {_BOOLEANS[feature.word]}")
    low, middle, high = (context.number(feature.scaled(v)) for v in (-1.0, 0.0, 1.0))
    is_word = [
        f"{cell} == {_BOOLEANS[word]}" if column.kind == "boolean" else f"same({cell}, {c_string(str(word))})"
        for word in feature.words
    ]
    if feature.what == "side":
        return f"{is_word[1]} ? {high} : {is_word[0]} ? {low} : {middle}"
    return " : ".join(f"{one} ? {n}" for n, one in enumerate(is_word)) + " : -1"


def _scaled(context: Context, feature: Feature, v: str) -> str:
    u = f"({v} - {feature.mean!r}) / {feature.deviation!r}".replace("- -", "+ ")
    return f"({context.real})bent({u})" if feature.is_bent else f"({context.real})({u})"


def _choice(context: Context, feature: Feature, condition: str) -> str:
    yes, no = (context.number(feature.scaled(v)) for v in (1.0, 0.0))
    return f"{condition} ? {yes} : {no}"


def _words(words: tuple[str | None, ...] | list[str | None], column: int) -> Iterator[str]:
    values = ", ".join("0" if word is None else c_string(word) for word in words)
    yield f"static const char *const words{column + 1}[] = {{{values}}};\n"


def _marks(context: Context, n: int, features: list[Feature], tables: list[str]) -> Iterator[str]:
    """Yield the lines that mark the words of a column."""
    column = features[0].column
    same = f"same(row->{context.members[column]}, words{column + 1}[n])"
    if features[0].is_bent:
        pairs = ", ".join(f"{{{', '.join(context.number(one.scaled(v)) for v in (0.0, 1.0))}}}" for one in features)
        tables.append(f"static const {context.real} marks{column + 1}[][2] = {{{pairs}}};\n")
        same = f"marks{column + 1}[n][{same}]"
    else:
        same = f"({context.real}){same}"
    yield f"for (n = 0; n < {len(features)}; n++)"
    yield f"    x[{n} + n] = {same};"
