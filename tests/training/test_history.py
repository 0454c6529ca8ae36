"""The form of a history in a notebook."""

import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np

from deltarule import History
from deltarule.training.history import STOPPED, Progress, advice_of


def history_of(
    cost: list[float], validation: list[float] | None = None, stopped: str = "converged", reason: str = ""
) -> History:
    costs, nothing = np.array(cost), np.full(len(cost), np.nan)
    validation_cost = nothing if validation is None else np.array(validation)
    best_epoch = int(np.argmin(costs)) + 1 if cost else 0
    seconds = np.arange(1.0, len(cost) + 1)
    return History(costs, validation_cost, nothing, nothing, seconds, stopped, best_epoch, reason)


def rows_of(history: History) -> dict[str, list[str]]:
    root = ET.fromstring(history._repr_html_())
    return {str(first.text or ""): [cell.text or "" for cell in rest] for first, *rest in root.iter("tr")}


def test_a_history_shows_first_best_and_last_cost_and_why_it_ended() -> None:
    rows = rows_of(history_of([3.0, 0.123456, 0.5], [4.0, 2.0, 1.0]))
    assert rows["epochs"] == ["3 in 3 s"]
    assert rows["stopped"] == ["no more progress, or a gradient as small as tol."]
    assert rows[""] == ["first", "best epoch (2)", "last"]
    assert rows["cost"] == ["3", "0.1235", "0.5"]
    assert rows["validation cost"] == ["4", "2", "1"]
    assert "validation score" not in rows


def test_epochs_after_the_best_show_first_and_last_only() -> None:
    rows = rows_of(replace(history_of([3.0, 2.5]), best_epoch=0))
    assert (rows[""], rows["cost"]) == (["first", "last"], ["3", "2.5"])


def test_the_best_epoch_of_two_runs_is_counted_from_the_first_epoch_of_the_first() -> None:
    one, other = history_of([3.0, 1.0, 2.0]), history_of([0.5, 0.75])
    assert (one.best_epoch, other.best_epoch, other.after(one).best_epoch) == (2, 1, 4)
    assert replace(other, best_epoch=0).after(one).best_epoch == 2  # it went on from it and was never better


def test_only_costs_are_drawn_and_only_those_that_there_are() -> None:
    assert history_of([3.0, 1.0])._repr_html_().count("<polyline") == 1
    scored = replace(history_of([3.0, 1.0], [2.0, 2.5]), validation_score=np.array([0.5, 0.9]))
    assert rows_of(scored)["validation score"] == ["0.5", "0.9", "0.9"]
    assert scored._repr_html_().count("<polyline") == 2


def test_a_run_that_diverged_says_where_and_the_text_is_escaped() -> None:
    rows = rows_of(history_of([3.0, 1.0], stopped="diverged", reason="Epoch 3 <b>."))
    assert rows["stopped"] == ["diverged; the best parameters before it were kept. Epoch 3 <b>."]


def test_a_run_without_an_epoch_has_a_form_too() -> None:
    history = history_of([], stopped="interrupted")
    assert rows_of(history) == {"epochs": ["none ended"], "stopped": ["interrupted by Ctrl-C."]}
    assert "<svg" not in history._repr_html_()


def test_scores_and_notices_are_shown_too_and_none_is_drawn() -> None:
    history = replace(
        history_of([3.0, 1.0]), scores={"F1 <macro>": np.array([0.25, 0.5])}, notices=("Step 3 was mended.", "x & y")
    )
    root = ET.fromstring(history._repr_html_())
    assert rows_of(history)["F1 <macro>"] == ["0.25", "0.5", "0.5"]
    notes = [cells[1].text for cells in map(list, root.iter("tr")) if cells[0].text == "note"]
    assert notes == ["Step 3 was mended.", "x & y"]
    assert history._repr_html_().count("<polyline") == 1


def test_every_end_that_the_docstring_names_has_its_words() -> None:
    named = str(History.__doc__).split("stopped : str")[1].split("best_epoch")[0]
    assert set(re.findall(r'`"(\w+)"`', named)) == set(STOPPED)


def test_what_callbacks_get_is_compared_and_hashed_as_the_object_that_it_is() -> None:
    given = [Progress(1, 2, 0.5, 0.5, 0.5, 0.1, 1.0, np.zeros(3), {}, lambda: History.empty()) for _ in range(2)]
    assert given[0] == given[0] != given[1]
    assert len({*given}) == 2


FALLING = [3.0 / epoch for epoch in range(1, 41)]
RISING = [*FALLING[:15], *[FALLING[14] + 0.01 * epoch for epoch in range(1, 26)]]


def test_a_held_out_cost_that_has_risen_is_said_and_early_stopping_recommended() -> None:
    for stopped in ("max_iter", "converged"):
        assert advice_of(history_of(FALLING, RISING, stopped), False) == (
            "The held-out cost was lowest in epoch 15 of 40 and has risen since: early_stopping=True keeps that one."
        )
    assert advice_of(history_of(FALLING, RISING, "interrupted"), False) == ""
    assert advice_of(history_of(FALLING, RISING, "converged"), True) == ""


def test_more_epochs_are_recommended_only_where_the_held_out_cost_still_falls() -> None:
    more = "It was still making progress: a larger max_iter may help."
    assert advice_of(history_of(FALLING, FALLING, "max_iter"), False) == more
    assert advice_of(history_of(FALLING, None, "max_iter"), False) == more
    assert advice_of(history_of(FALLING, RISING, "max_iter"), True) == more
    assert advice_of(history_of(FALLING, FALLING, "converged"), False) == ""


def test_a_rise_of_a_few_epochs_or_a_small_one_is_noise() -> None:
    short = [*FALLING[:31], *[FALLING[30] * 1.5] * 9]
    small = [*FALLING[:15], *[FALLING[14] * 1.009] * 25]
    for held_out in (short, small):
        assert "still making progress" in advice_of(history_of(FALLING, held_out, "max_iter"), False)
