"""How a fit of tables ends, early or not, and what it tells meanwhile."""

import io
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from deltarule import TableClassifier
from deltarule.tabular import fitting, telling
from deltarule.tabular import side_by_side as training
from deltarule.tabular.side_by_side import train_side_by_side
from deltarule.training.progress_bar import bar_of_epochs
from small_tables import QUICK, fitted, labels_of, table


def test_ctrl_c_keeps_each_member_at_its_best_epoch_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    original = training._after_round

    def interrupted(*arguments: Any) -> Any:
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return original(*arguments)

    monkeypatch.setattr(training, "_after_round", interrupted)
    frame = table()
    with pytest.warns(UserWarning, match="interrupted by user after 3 of 6 epochs"):
        clf = TableClassifier(**QUICK).fit(frame, labels_of(frame))
    assert clf.stopped_ == "interrupted"
    assert all(len(member.values) == 3 for member in clf.members_)
    assert clf.predict(frame).shape == (120,)


@pytest.mark.parametrize("end", ["time", "interrupted"])
@pytest.mark.filterwarnings("ignore:Training interrupted")
def test_members_that_had_no_epoch_before_the_end_are_not_told_as_diverged(
    end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    take, rounds = training._after_round, []

    def taken(*arguments: Any) -> Any:
        rounds.append(0)
        if len(rounds) > 1:
            raise KeyboardInterrupt
        return take(*arguments)

    if end == "time":
        monkeypatch.setattr(training._Clock, "is_over", True)
    monkeypatch.setattr(training, "_after_round", taken)
    clf = fitted(n_members=3, n_threads=2)  # a round takes two of the three
    assert (clf.stopped_, clf.n_members_) == (end, 2)
    assert [member.best_epoch for member in clf.members_] == [1, 1, 0]
    assert "1 of 3 members had no epoch before the end and are left out." in clf.notices_
    if end == "time":
        assert "time_budget was over after 1 epochs of each member." in clf.notices_


def test_a_member_that_diverges_in_its_first_epoch_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    measure = training._measured

    def measured(member: Any, state: Any, costs: Any, course: Any, *rest: Any) -> Any:
        return measure(member, state, costs * np.nan if course is first[0] else costs, course, *rest)

    first: list[Any] = []

    def trained(engine: Any, outputs: Any, members: Any, courses: Any, *rest: Any, **more: Any) -> Any:
        first.append(courses[0])
        return train_side_by_side(engine, outputs, members, courses, *rest, **more)

    monkeypatch.setattr(fitting, "train_side_by_side", trained)
    monkeypatch.setattr(training, "_measured", measured)
    with pytest.warns(RuntimeWarning, match="1 of 3 members diverged in their first epoch and are left out"):
        clf = fitted(n_members=3)
    assert not [one for one in clf.notices_ if "no epoch" in str(one)]


def test_ctrl_c_in_the_first_epoch_leaves_the_model_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    clf, frame = fitted(), table()
    before = clf.predict_proba(frame)

    def interrupted(*_: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "_after_round", interrupted)
    with pytest.raises(KeyboardInterrupt):
        clf.fit(frame, labels_of(frame)[::-1])
    np.testing.assert_array_equal(clf.predict_proba(frame), before)


def test_a_member_ends_once_it_has_waited_long_enough_for_a_better_epoch() -> None:
    generator = np.random.default_rng(0)
    X, y = generator.standard_normal((300, 3)), generator.integers(0, 2, 300)  # nothing to learn
    clf = TableClassifier(2, hidden_layer_sizes=(8,), random_state=0, epochs=500).fit(X, y)
    for member in clf.members_:
        assert len(member.values) == min(500, 2 * member.best_epoch + 201)
    assert min(len(member.values) for member in clf.members_) < 500


def test_a_time_budget_leaves_out_epochs_and_members_and_says_so() -> None:
    frame = table()
    clf = TableClassifier(5, epochs=10**6, hidden_layer_sizes=(8,), random_state=0, time_budget=0.5)
    clf.fit(frame, labels_of(frame))
    (notice,) = [one for one in clf.notices_ if "time_budget has room" in str(one)]
    assert "of 5 members" in notice
    assert "of 1000000 epochs" in notice
    with_little = TableClassifier(5, hidden_layer_sizes=(8,), random_state=0, time_budget=1e-9)
    with_little.fit(frame, labels_of(frame))
    assert with_little.n_members_ == 1
    assert with_little.predict(frame).shape == (120,)
    assert any("room for 1 of 5 members and 1 of 256 epochs" in str(one) for one in with_little.notices_)


def test_progress_is_told_in_lines_with_the_time_left(capsys: pytest.CaptureFixture[str]) -> None:
    fitted(verbose=True)
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1].startswith("epoch 12/12  best ")
    assert all(line.endswith(" s left for all members") for line in lines)


def test_progress_is_shown_as_a_bar_with_the_time_left(capsys: pytest.CaptureFixture[str]) -> None:
    fitted(verbose="bar", n_threads=2)  # rounds of two members; without a terminal ten lines at most
    assert capsys.readouterr().out == ""
    fitted(verbose="bar", epochs=40, n_threads=2)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 10
    assert lines[-1].startswith("epoch 80/80  best ")
    assert all(line.endswith(" s left for all members") for line in lines)


def test_a_bar_of_members_moves_in_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    text = io.StringIO()
    screen = Console(file=text, force_terminal=True, width=100, highlight=False)
    monkeypatch.setattr(telling, "bar_of_epochs", lambda epochs: bar_of_epochs(epochs, screen))
    fitted(verbose="bar")
    assert "epoch 12/12" in text.getvalue()
    assert "best 0." in text.getvalue()


@pytest.mark.parametrize("method", ["predict", "predict_proba", "score"])
def test_a_warning_of_names_points_at_the_line_that_predicts(method: str) -> None:
    clf, frame = fitted(), table()
    if method == "score":
        with pytest.warns(UserWarning, match="does not have valid feature names"):
            clf.score(frame.to_numpy(object), labels_of(frame))
        return
    with pytest.warns(UserWarning, match="does not have valid feature names") as warned:
        getattr(clf, method)(frame.to_numpy(object))
    assert {one.filename for one in warned if "feature names" in str(one.message)} == {__file__}
