"""Output in the terminal: tables, notes and a small chart. Results go to stdout, everything else to stderr."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table
from rich.text import Text

from deltarule.training.history import History

if TYPE_CHECKING:
    from deltarule.estimators.outcomes import Outcome
    from deltarule.reporting.bootstrap import Measure
    from deltarule.tables.model import HeldOut, HeldOutQuantity

__all__ = [
    "chart",
    "confusion",
    "confusion_of",
    "measures",
    "per_class",
    "rows",
    "say",
    "show_error",
    "show_figures",
    "show_held_out",
    "show_notices",
    "show_table",
    "stderr",
    "stdout",
]

MOST_CLASSES = 12
"""Most classes of a confusion matrix that fits on a screen."""

stdout = Console(highlight=False)
stderr = Console(highlight=False, stderr=True)


def say(text: str = "") -> None:
    """Print a line of the result."""
    stdout.print(Text(text), soft_wrap=True)


def show_table(titled: tuple[str, Table]) -> None:
    """Print a title, the table below it, and a blank line."""
    title, table = titled
    stdout.print(Text(title, style="bold"), soft_wrap=True)
    stdout.print(table)
    say()


def show_error(message: str) -> None:
    """Print one red line to stderr."""
    stderr.print(Text("Error: " + " ".join(message.split()), style="bold red"), soft_wrap=True)


def show_notices(notices: Iterable[str]) -> None:
    """Print the first six notices to stderr, and how many more there are."""
    notices = list(notices)
    for notice in notices[:6]:
        stderr.print(Text(f"Note: {notice}", style="yellow"), soft_wrap=True)
    if len(notices) > 6:
        stderr.print(Text(f"Note: … and {len(notices) - 6} more such notes.", style="yellow"), soft_wrap=True)


def confusion(y: NDArray[Any], predicted: NDArray[Any], classes: NDArray[Any]) -> tuple[str, Table]:
    """Return a title and the confusion matrix, or for many classes the most frequent mistakes."""
    counts = np.zeros((len(classes), len(classes)), dtype=int)
    np.add.at(counts, (np.searchsorted(classes, y), np.searchsorted(classes, predicted)), 1)
    return confusion_of(counts, classes)


def confusion_of(counts: NDArray[np.int_], classes: NDArray[Any]) -> tuple[str, Table]:
    """Return a title and the confusion matrix of counted rows, or for many classes the most frequent mistakes."""
    names = [_short(name) for name in classes]
    if len(classes) > MOST_CLASSES:
        return _mistakes(counts, names)
    table = Table("", *names)
    for k, name in enumerate(names):
        cells = [str(count) if count else "·" for count in counts[k]]
        cells[k] = f"[bold green]{counts[k, k]}[/]"
        table.add_row(f"[bold]{escape(name)}[/]", *cells)
    for column in table.columns[1:]:
        column.justify = "right"
    return "Confusion: rows true, columns predicted", table


def _mistakes(counts: NDArray[np.int_], names: list[str]) -> tuple[str, Table]:
    wrong = counts.copy()
    np.fill_diagonal(wrong, 0)
    order = np.argsort(-wrong, axis=None, kind="stable")
    kinds = int(np.count_nonzero(wrong))
    table = Table("true", "predicted", Column("rows", justify="right"))
    for place in order[: min(kinds, MOST_CLASSES)]:
        true, predicted = divmod(int(place), len(names))
        table.add_row(escape(names[true]), escape(names[predicted]), str(wrong[true, predicted]))
    title = f"The most frequent of {kinds} kinds of mistakes ({wrong.sum()} of {counts.sum()} rows)"
    return title, table


def per_class(y: NDArray[Any], predicted: NDArray[Any], classes: NDArray[Any]) -> tuple[str, Table]:
    """Return a title and the precision and recall of each class, or for many classes those with the lowest recall."""
    rows = []
    for name in classes:
        of_class, said = y == name, predicted == name
        right = np.count_nonzero(of_class & said)
        share_of_said, share_of_class = (_share(right, np.count_nonzero(whole)) for whole in (said, of_class))
        rows.append((name, share_of_said, share_of_class, np.count_nonzero(of_class)))
    title = "Classes"
    if len(rows) > MOST_CLASSES:
        title = f"The {MOST_CLASSES} of {len(rows)} classes with the lowest recall"
        rows = sorted(rows, key=lambda row: (np.isnan(row[2]), row[2]))[:MOST_CLASSES]
    table = Table("class", *(Column(name, justify="right") for name in ("precision", "recall", "rows")))
    for name, precision, recall, count in rows:
        table.add_row(f"[bold]{escape(_short(name))}[/]", _percent(precision), _percent(recall), str(count))
    return title, table


def chart(history: History, held_out: str, width: int = 64, height: int = 9) -> str:
    """Return the learning curve as text: • training, ○ held out, ◉ both; the cost axis is logarithmic.

    A non-finite cost, such as that of the epoch in which a run diverged, leaves its place empty.

    Examples
    --------
    >>> nan = np.full(3, np.nan)
    >>> history = History(np.array([4.0, 2.0, 1.0]), nan, nan, nan, nan, "max_iter", 3)
    >>> print(chart(history, "held out", width=9, height=3))
           4 ┤•
           2 ┤    •
           1 ┤        •
             └─────────
              1       3  epoch   • training
    """
    curves = {"•": history.cost, "○": history.validation_cost}
    curves = {mark: np.log(np.maximum(curve, 1e-300)) for mark, curve in curves.items() if np.isfinite(curve).any()}
    epochs = history.epochs
    if not curves:
        return "No epoch ended with a finite cost." if epochs else "No epoch ended."
    drawn = np.concatenate([curve[np.isfinite(curve)] for curve in curves.values()])
    low, high = float(drawn.min()), float(drawn.max())
    cells = [[" "] * width for _ in range(height)]
    for mark, curve in curves.items():
        for column in range(width) if 2 * epochs >= width else np.rint(np.linspace(0, width - 1, epochs)).astype(int):
            value = curve[round(column / max(1, width - 1) * (epochs - 1))]
            if not np.isfinite(value):
                continue
            row = round((high - value) / ((high - low) or 1) * (height - 1))
            cells[row][column] = mark if cells[row][column] == " " else "◉"
    ticks = {0: high, height // 2: (high + low) / 2, height - 1: low}
    lines = [
        f"{f'{np.exp(ticks[n]):.4g}' if n in ticks else '':>8} ┤{''.join(row)}".rstrip() for n, row in enumerate(cells)
    ]
    marks = "• training" + (f"   ○ {held_out}" if "○" in curves else "")
    axis = f"1{epochs:>{width - 1}}" if epochs > 1 else "1".ljust(width)
    return "\n".join([*lines, " " * 9 + "└" + "─" * width, " " * 10 + f"{axis}  epoch   {marks}"])


def show_figures(target: str, outcome: "Outcome", seed: int, what: str = "") -> None:
    """Print accuracy and cost for labels in a line, or the errors of a quantity with their intervals in a table.

    `what` names the rows, such as `"Held-out"`. `seed` is the seed of the bootstrap.
    """
    if outcome.classes is not None:
        right = int(np.count_nonzero(outcome.predicted == outcome.y))
        name = f"{what} accuracy".strip().capitalize()
        share = _percent(right / outcome.rows)
        say(f"{name}: {share} ({right} of {outcome.rows} rows), cost {outcome.costs.mean():.4f}")
        return
    from deltarule.reporting.tables import measures_of

    title = f"{what} figures".strip().capitalize() + f" of {target} ({outcome.rows} rows)"
    show_table(measures(title, measures_of(outcome, seed)))


def measures(title: str, found: "Iterable[Measure]") -> tuple[str, Table]:
    """Return the title and a table of measures with their intervals."""
    table = Table("", *(Column(name, justify="right") for name in ("value", "95 % interval")))
    for measure in found:
        value = "–" if np.isnan(measure.value) else f"{measure.value:.4g}"
        ends = "–" if np.isnan(measure.low) else f"{measure.low:.4g} … {measure.high:.4g}"
        table.add_row(f"[bold]{escape(measure.name)}[/]", value, ends)
    return title, table


def rows(n: int) -> str:
    """Return a number of rows with its noun."""
    return "1 row" if n == 1 else f"{n} rows"


def show_held_out(target: str, figures: "HeldOut | HeldOutQuantity") -> None:
    """Print figures that were added up over held-out rows."""
    if hasattr(figures, "accuracy"):
        right = round(figures.accuracy * figures.rows)
        say(
            f"Held-out accuracy: {_percent(figures.accuracy)} ({right} of {figures.rows} rows), cost {figures.cost:.4f}"
        )
        return
    table = Table("", Column("value", justify="right"))
    for name, value in (("R²", figures.r2), ("RMSE", figures.rmse), ("MAE", figures.mae)):
        table.add_row(f"[bold]{name}[/]", f"{value:.4g}")
    show_table((f"Held-out figures of {target} ({figures.rows} rows)", table))


def _share(part: np.integer[Any], whole: np.integer[Any]) -> float:
    return float(part / whole) if whole else float("nan")


def _percent(share: float) -> str:
    return "–" if np.isnan(share) else f"{100 * share:.1f} %"


def _short(name: Any) -> str:
    text = str(name)
    return text if len(text) <= 14 else text[:13] + "…"
