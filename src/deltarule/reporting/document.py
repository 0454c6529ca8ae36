"""The HTML page of a report, section by section. This file only formats numbers; it computes none.

Each number is in a `<data value="…">` element with all its digits, so that programs can read the page too.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from deltarule.common.html import Html, fragment, page, table, tag
from deltarule.explain import explain
from deltarule.reporting.bootstrap import LEVEL, Measure
from deltarule.reporting.columns import Numbers
from deltarule.reporting.drawing import drawn
from deltarule.reporting.layout import LAYOUT
from deltarule.training.history import ending_of

if TYPE_CHECKING:
    from deltarule.reporting.content import Report

__all__ = ["document"]

MOST_CLASSES = 30
"""Most classes of a confusion matrix in numbers; one of more classes is shown only as a picture."""

_SQUARE = (4.6, 4.3)  # inches


def document(report: "Report") -> str:
    """Return the whole page.

    Raises
    ------
    ImportError
        If matplotlib is missing.
    """
    sections: dict[str, list[Html]] = {
        "Measures": _measures(report),
        "Members": _members(report),
        "Which columns matter": _importance(report),
        "Data": _data(report),
        "Network": _network(report),
        "Learning curve": _curve(report),
        "Which class is taken for which": _confusion(report),
        "Probabilities": _probabilities(report),
        "Predicted against true": _predictions(report),
        "What costs most": _costly(report),
        "One example in numbers": _example(report),
        "Gradient check": _gradient(report),
        "How to make it again": _provenance(report),
    }
    shown = {name: parts for name, parts in sections.items() if parts}
    names = {name: name.lower().replace(" ", "-") for name in shown}
    return page(
        report.title,
        fragment(
            tag("h1", report.title),
            tag("nav", *(tag("a", name, href=f"#{names[name]}") for name in shown)),
            *(tag("section", tag("h2", name), *parts, id=names[name]) for name, parts in shown.items()),
        ),
        style=LAYOUT,
    )


def _measures(report: "Report") -> list[Html]:
    head = ("measure", "value", f"{100 * LEVEL:.0f} % interval")
    body = []
    for measure in report.measures:
        cells = (tag("td", part, class_="number") for part in (_number(measure.value), _interval(measure)))
        body.append(tag("tr", tag("th", measure.name), *cells))
        body.append(_below(len(head), measure.meaning))
    said = (
        f"On {_count(report.rows)}. The intervals hold {100 * LEVEL:.0f} of 100 bootstrap samples of these rows "
        f"({report.samples} samples, seed {report.seed}). They show how much a measure would vary on other rows of the "
        "same kind, not how much it would vary with another training."
    )
    return [_whole_table(head, body, class_="measures"), _faint(said)]


def _data(report: "Report") -> list[Html]:
    parts = [table([("rows", _number(report.rows)), ("columns", _number(report.n_columns)), *report.about.items()])]
    classes = [target for target in report.targets if isinstance(target, tuple)]
    numbers = [column for column in (*report.targets, *report.columns) if isinstance(column, Numbers)]
    words = [column for column in report.columns if not isinstance(column, Numbers)]
    if classes:
        rows = [(name, _number(count), _share(count / report.rows)) for name, count in classes]
        parts += [tag("h3", "Classes"), _table(("class", "rows", "share"), rows, class_="targets")]
    if numbers:
        heads = ("numbers", "mean", "deviation", "smallest", "largest", "gaps")
        figures = [(c.name, *map(_number, (c.mean, c.deviation, c.smallest, c.largest, c.gaps))) for c in numbers]
        parts += [tag("h3", "Columns of numbers"), _table(heads, figures, class_="numbers")]
    if words:
        lines = [(c.name, c.commonest, *map(_number, (c.count, c.different, c.gaps))) for c in words]
        names = ("words", "commonest", "its rows", "different", "gaps")
        parts += [tag("h3", "Columns of words"), _table(names, lines, class_="words")]
    if (left := report.n_columns - len(report.columns) - len(report.dropped)) > 0:
        parts.append(_faint(f"{left} more columns are not shown."))
    if report.dropped:
        parts += [tag("h3", "Columns that the model does not use")]
        parts += [_table(("column", "why"), list(report.dropped.items()), class_="dropped")]
    return parts


def _network(report: "Report") -> list[Html]:
    network = report.network
    units = ", ".join([*map(str, network.hidden_units), network.output])
    rows = [
        ("units by layer", str(network)),
        ("kinds of units", f"{units} (the last are the outputs)"),
        ("parameters", _number(network.n_parameters)),
    ]
    if report.picture is None:
        parts = ", ".join(f"{part.kind} {part.inputs} → {part.outputs}" for part in network.parts)
        return [table([("networks", _number(_trained(report))), *rows, ("parts", parts)])]
    words = f"The network {network}, layer by layer. The largest weights have the widest lines."
    return [table(rows), _figure(drawn(report.picture.plot, report.picture.size, words, fills=True), "")]


def _curve(report: "Report") -> list[Html]:
    history = report.history
    if history is None or report.curve is None:
        return []
    rows = [
        ("epochs", _number(history.epochs)),
        ("best epoch", _number(history.best_epoch)),
        *ending_of(history),
        *([("what may help", report.advice)] if report.advice else []),
    ]
    if not history.epochs:
        return [table(rows)]
    costs = {"cost J at its end": history.cost[-1], "held-out cost at its end": history.validation_cost[-1]}
    rows += [(name, _number(value)) for name, value in costs.items() if np.isfinite(value)]
    rows.append(("seconds", _number(history.seconds[-1])))
    words = f"Cost by epoch over {history.epochs} epochs, from {history.cost[0]:.4g} to {history.cost[-1]:.4g}."
    return [_figure(drawn(report.curve.plot, (5.6, 3.6), words), ""), table(rows)]


def _members(report: "Report") -> list[Html]:
    if (members := report.members) is None:
        return []
    lines = []
    for k, (values, best) in enumerate(zip(members.values, members.best_epochs, strict=True), 1):
        of_best = _number(float(values[best - 1])) if best else "left out, because its cost diverged"
        lines.append((str(k), _number(best) if best else "–", _number(len(values)), of_best))
    head = ("member", "best epoch", "of epochs", members.watched)
    words = f"The {members.watched} of {len(lines)} members on rows that they did not learn from, by epoch."
    said = "Each member is a network that learns from its own part of the rows, and is kept at the epoch after which it"
    said += " was best on the others. Predictions are the mean over the members."
    return [tag("p", said), _figure(drawn(members.plot, (5.6, 3.6), words), ""), _table(head, lines, class_="members")]


def _importance(report: "Report") -> list[Html]:
    found = report.importance
    if found is None or not np.isfinite(found.values).all():
        return []
    lines = [
        (name, _number(float(value)), Html(f"{_number(float(low))} … {_number(float(high))}"))
        for name, value, low, high in zip(found.names, found.values, found.lows, found.highs, strict=True)
    ]
    said = f"How much {found.cost} of a row that a member did not learn from rises when a column is shuffled among such"
    said += " rows. Columns that say the same stand in for each other, so each of them counts for little."
    head = ("column", "importance", f"{100 * LEVEL:.0f} % interval")
    words = f"Importance of {min(len(lines), 20)} columns with their intervals, the largest first."
    picture = _figure(drawn(found.plot, found.size, words), "")
    return [tag("p", said), picture, _table(head, lines, class_="importance")]


def _trained(report: "Report") -> int:
    """Return the number of networks that predict together."""
    return 1 if report.members is None else sum(best > 0 for best in report.members.best_epochs)


def _confusion(report: "Report") -> list[Html]:
    if (confusion := report.confusion) is None:
        return []
    names = [str(name) for name in confusion.classes.tolist()]
    counts = np.asarray(confusion.counts)
    right, of_class, said = np.diag(counts), counts.sum(axis=1), counts.sum(axis=0)
    lines = [
        (name, _ratio(right[k], said[k]), _ratio(right[k], of_class[k]), _number(int(of_class[k])))
        for k, name in enumerate(names)
    ]
    words = f"The share of each of {len(names)} classes that gets each label; the tables show the numbers."
    parts = [_figure(drawn(confusion.plot, (4.9, 3.9), words), "Shades are shares of the true class.")]
    if len(names) <= MOST_CLASSES:
        rows = [(name, *(_number(int(count)) for count in counts[k])) for k, name in enumerate(names)]
        parts += [tag("h3", "Rows true, columns predicted"), _table(("", *names), rows, class_="confusion")]
    head = ("class", "precision", "recall", "rows")
    return [tag("div", *parts), tag("h3", "Class by class"), _table(head, lines, class_="classes")]


def _probabilities(report: "Report") -> list[Html]:
    figures, more = [], []
    if (found := report.reliability) is not None:
        words = f"Predicted probability of {found.event} against the share that came true, in {len(found.counts)} bins."
        text = "On the diagonal, an event of probability 0.8 comes true eight times in ten."
        figures.append(_figure(drawn(found.plot, _SQUARE, words), text))
        columns = (found.probability, found.frequency, found.counts)
        lines = [tuple(_number(value) for value in line) for line in zip(*columns, strict=True)]
        head = ("mean probability", "share that came true", "examples")
        title = tag("summary", "The bins in numbers")
        more.append(tag("details", title, _table(head, lines, class_="reliability")))
        more.append(table([("expected calibration error", _number(found.expected_error))]))
    if report.ranking is not None and report.ranking.curves:
        words = "True against false positive rate. Areas under the curves: "
        words += ", ".join(f"{curve.name} {curve.area:.3f}" for curve in report.ranking.curves) + "."
        text = "A lower threshold on the probability gains true positives and costs false positives."
        figures.append(_figure(drawn(report.ranking.plot, _SQUARE, words), text))
    return [tag("div", *figures, class_="figures"), *more] if figures else []


def _predictions(report: "Report") -> list[Html]:
    if report.predictions is None:
        return []
    words = f"Predicted against true values of {report.rows} examples; on the diagonal they are equal."
    return [_figure(drawn(report.predictions.plot, _SQUARE, words), "")]


def _costly(report: "Report") -> list[Html]:
    has_probability = report.costly[0].probability is not None
    head = ["example", "cost", "true", "predicted", *(["probability"] if has_probability else [])]
    body = []
    for example in report.costly:
        figures = [_number(example.cost), example.true, example.predicted]
        if example.probability is not None:
            figures.append(_number(example.probability))
        values = [tag("span", tag("i", name), " ", value) for name, value in example.values]
        between = [part for value in values for part in (value, " ")]
        body += [tag("tr", tag("th", example.name), *map(_cell, figures)), _below(len(head), *between)]
    what = "The example" if len(report.costly) == 1 else f"The {len(report.costly)} examples"
    said = f"{what} with the highest cost. Look here for wrong labels, and for facts that the columns do not hold."
    said += " The probability is that of the true label." if has_probability else ""
    return [tag("p", said), _whole_table(head, body, class_="costly")]


def _example(report: "Report") -> list[Html]:
    first = report.costly[0]
    heading = f"The most costly example, {first.name}: true {first.true}, predicted {first.predicted}"
    if report.members is not None:
        heading += f". The first of {_trained(report)} members says:"
    return [Html(explain(report.trace, form="html", heading=heading, inputs=report.inputs))]


def _gradient(report: "Report") -> list[Html]:
    of_first = "" if report.members is None else " of the first member"
    said = (
        f"The gradient D of backpropagation{of_first} compared with differences of the cost J, on the first "
        f"{_count(report.checked_rows)}, seed {report.seed}. A mistake in the computation of D would show here."
    )
    return [tag("p", said), Html(report.gradient._repr_html_())]


def _provenance(report: "Report") -> list[Html]:
    rows = [
        tag("tr", tag("th", setting.name), tag("td", setting.value, class_="words"), **_changed(setting.is_changed))
        for setting in report.settings
    ]
    seed = report.random_state
    if seed == "None":
        seed = "None: the training drew a random seed, so another run gives other numbers"
    return [
        tag("pre", report.command),
        table([("seed of the training", seed), ("seed of the report", str(report.seed))]),
        tag("h3", "Versions"),
        table(list(report.versions.items())),
        tag("h3", "Settings"),
        _whole_table(("setting", "value"), rows, class_="settings"),
        _faint("Settings in bold differ from the default."),
    ]


def _changed(is_changed: bool) -> dict[str, str]:
    return {"class_": "changed"} if is_changed else {}


def _table(head: Sequence[str], rows: Sequence[tuple[str, ...]], **attributes: str) -> Html:
    """Return a table with a head; the first cell of each row is its name, and numbers are aligned right."""
    body = [tag("tr", tag("th", first), *map(_cell, rest)) for first, *rest in rows]
    return _whole_table(head, body, **attributes)


def _whole_table(head: Sequence[str], body: Sequence[Html], **attributes: str) -> Html:
    first = tag("thead", tag("tr", *(tag("th", name) for name in head)))
    return tag("div", tag("table", first, tag("tbody", *body), **attributes), class_="scroll")


def _below(columns: int, *children: str) -> Html:
    """Return a row with more about the row above; it is never wider than the screen."""
    return tag("tr", tag("td", tag("div", *children), colspan=str(columns)), class_="more")


def _cell(content: str) -> Html:
    if isinstance(content, Html):
        return tag("td", content, class_="number" if content.startswith("<data") else "words")
    return tag("td", content)


def _figure(image: Html, caption: str) -> Html:
    return tag("figure", image, *([tag("figcaption", caption)] if caption else []))


def _faint(text: str) -> Html:
    return tag("p", text, class_="faint")


def _number(value: float) -> Html:
    """Return a number with four digits, or a whole or large number without decimals, in an element with its value."""
    if isinstance(value, int | np.integer):
        text = f"{value:,}"
    elif 1e4 <= abs(value) < 1e15:
        text = f"{value:,.0f}"
    else:
        text = "–" if np.isnan(value) else f"{value:.4g}"
    exact = str(value) if isinstance(value, int | np.integer) else repr(float(value))
    return tag("data", text.replace(",", "\u202f").replace("-", "−"), value=exact)


def _share(value: float) -> Html:
    return tag("data", f"{100 * value:.1f} %", value=repr(float(value)))


def _ratio(part: float, whole: float) -> Html:
    return _share(part / whole) if whole else tag("data", "–", value="nan")


def _interval(measure: Measure) -> Html:
    return Html(f"{_number(measure.low)} … {_number(measure.high)}")


def _count(rows: int) -> str:
    return "1 row" if rows == 1 else f"{rows} rows"
