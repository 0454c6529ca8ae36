"""What was watched of each member, and the importance of columns."""

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError

from deltarule import MLPClassifier, TableClassifier, TableRegressor
from deltarule.common.errors import InputError
from deltarule.pictures import column_importance, member_curves
from deltarule.pictures.members import MemberCurves


@pytest.fixture(scope="module")
def clf() -> TableClassifier:
    generator = np.random.default_rng(0)
    table = pd.DataFrame({"noise": generator.normal(size=80), "size $": np.arange(80.0) % 7, "same": 1})
    return TableClassifier(3, epochs=40, hidden_layer_sizes=(16,), random_state=0).fit(table, table["size $"] > 3)


def test_each_member_has_its_line_and_its_best_epoch(clf: TableClassifier) -> None:
    curves = member_curves(clf)
    assert [len(values) for values in curves.values] == [len(one.values) for one in clf.members_]
    assert curves.best_epochs == tuple(one.best_epoch for one in clf.members_)
    ax = curves.plot()
    lines, points = ax.lines[::2], ax.lines[1::2]
    for line, point, values, best in zip(lines, points, curves.values, curves.best_epochs, strict=True):
        np.testing.assert_array_equal(line.get_ydata(), values)
        assert (point.get_xdata()[0], point.get_ydata()[0]) == (best, values.min())  # type: ignore[index]
    assert ax.get_ylabel() == "cross-entropy on held-out rows"


def test_members_that_diverged_at_once_are_drawn_without_a_best_epoch() -> None:
    ax = MemberCurves((np.array([np.nan]), np.array([1.0, 0.5])), (0, 2), "error").plot()
    assert len(ax.lines) == 3


def test_used_columns_are_drawn_by_importance_with_their_intervals(clf: TableClassifier) -> None:
    found = column_importance(clf)
    assert found.names == ("size $", "noise")
    assert (found.lows <= found.values).all()
    assert (found.values <= found.highs).all()
    ax = found.plot()
    assert [bar.get_width() for bar in ax.patches] == pytest.approx(found.values)  # type: ignore[attr-defined]
    assert [label.get_text() for label in ax.get_yticklabels()] == [r"size \$", "noise"]
    ax.figure.canvas.draw()


def test_what_has_no_members_is_refused_with_what_has() -> None:
    with pytest.raises(InputError, match=r"MLPClassifier has no members\. Give a TableClassifier or TableRegressor\."):
        member_curves(MLPClassifier())
    with pytest.raises(NotFittedError):
        column_importance(TableRegressor())
