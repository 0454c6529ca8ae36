"""What the terminal shows."""

import io

import numpy as np
import pytest
from rich.console import Console
from rich.table import Table

from deltarule import History
from deltarule.cli import display


def shown(titled: tuple[str, Table]) -> str:
    console = Console(file=io.StringIO(), width=200)
    title, table = titled
    console.print(title)
    console.print(table)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def history(cost: list[float], held_out: list[float]) -> History:
    nothing = np.full(len(cost), np.nan)
    return History(np.array(cost), np.array(held_out), nothing, nothing, nothing, "max_iter", len(cost))


def test_the_confusion_matrix_counts_true_by_row_and_predicted_by_column() -> None:
    y, predicted = np.array(["a", "a", "a", "b"]), np.array(["a", "b", "b", "b"])
    lines = shown(display.confusion(y, predicted, np.array(["a", "b"]))).splitlines()
    assert [cell.strip() for cell in lines[4].strip("│").split("│")] == ["a", "1", "2"]
    assert [cell.strip() for cell in lines[5].strip("│").split("│")] == ["b", "·", "1"]


def test_of_many_classes_the_most_frequent_mistakes_are_shown() -> None:
    classes = np.arange(30)
    y = np.concatenate([np.repeat(classes, 2), [3, 3, 3]])
    predicted = np.concatenate([np.repeat(classes, 2), [4, 4, 5]])
    text = shown(display.confusion(y, predicted, classes))
    assert "The most frequent of 2 kinds of mistakes (3 of 63 rows)" in text
    assert text.index("4") < text.index("5 ")
    assert len(text.splitlines()) == 7


def test_of_many_classes_those_with_the_lowest_recall_are_shown() -> None:
    classes = np.arange(30)
    y = np.repeat(classes, 2)
    predicted = np.where(y == 17, 18, y)
    lines = shown(display.per_class(y, predicted, classes)).splitlines()
    assert lines[0].startswith("The 12 of 30 classes with the lowest recall")
    assert [cell.strip() for cell in lines[4].strip("│").split("│")] == ["17", "–", "0.0 %", "2"]


def test_long_names_of_classes_are_cut() -> None:
    names = np.array(["a" * 40, "b"])
    assert "a" * 13 + "…" in shown(display.confusion(names, names, names))


def test_the_chart_falls_as_the_cost_does() -> None:
    chart = display.chart(history([8.0, 4.0, 2.0, 1.0], [8.0, 4.0, 4.0, 4.0]), "held out", width=7, height=4)
    assert chart.splitlines() == [
        "       8 ┤◉◉",
        "         ┤  ◉○○○○",
        "   2.828 ┤   •••",
        "       1 ┤      •",
        "         └───────",
        "          1     4  epoch   • training   ○ held out",
    ]


@pytest.mark.parametrize("epochs", [0, 1, 2, 63, 64, 65, 1000])
def test_the_chart_is_as_wide_as_it_is_told_for_any_number_of_epochs(epochs: int) -> None:
    cost = np.linspace(3, 1, epochs).tolist()
    lines = display.chart(history(cost, [np.nan] * epochs), "held out").splitlines()
    if epochs == 0:
        assert lines == ["No epoch ended."]
    else:
        assert len(lines) == 11
        assert len(lines[-2]) == 74
        assert sum(line.count("•") for line in lines[:9]) == (epochs if 2 * epochs < 64 else 64)


def test_a_constant_cost_and_a_cost_of_zero_can_be_drawn() -> None:
    assert display.chart(history([1.0, 1.0], [1.0, 1.0]), "held out").count("◉") == 2
    assert "•" in display.chart(history([1.0, 0.0], [np.nan, np.nan]), "held out")


def test_the_finite_costs_of_a_run_that_diverged_are_drawn() -> None:
    diverged = history([1.0, 4.0, np.inf, np.nan], [np.nan, 2.0, np.inf, 1.0])
    lines = display.chart(diverged, "held out", 9, 3).splitlines()
    assert [line[9:] for line in lines[:3]] == ["┤   •", "┤   ○", "┤•       ○"]
    assert [line[:8].strip() for line in lines[:3]] == ["4", "2", "1"]
    assert lines[-1].endswith("• training   ○ held out")
    none = [np.nan, np.inf]
    assert display.chart(history(none, none), "held out") == "No epoch ended with a finite cost."


def test_an_error_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    display.show_error("first\n   second")
    assert capsys.readouterr().err == "Error: first second\n"


def test_many_notices_are_cut(capsys: pytest.CaptureFixture[str]) -> None:
    display.show_notices(f"number {n}" for n in range(10))
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 7
    assert lines[-1] == "Note: … and 4 more such notes."
