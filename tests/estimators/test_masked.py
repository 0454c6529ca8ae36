"""Masked arrays: what lies under a mask is no data."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from deltarule import MLPClassifier, MLPRegressor, TableClassifier, TableRegressor
from deltarule.errors import InputError
from small_tables import QUICK

GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(60, 3))
LABELS = (X[:, 0] > 0).astype(int)
ONES = np.ones(60)


def hidden(values: Any) -> Any:
    """Return the values with one of them under a mask."""
    mask = np.zeros(np.shape(values), bool)
    mask[(3, 1)[: mask.ndim]] = True
    return np.ma.MaskedArray(values, mask)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
def test_masked_values_are_refused_wherever_they_stand(kind: Any) -> None:
    estimator = kind(max_iter=2, random_state=0).fit(X, LABELS)
    theta = estimator.theta_.copy()
    uses: list[tuple[str, Callable[[], object]]] = [
        ("X", lambda: estimator.fit(hidden(X), LABELS)),
        ("y", lambda: estimator.fit(X, hidden(LABELS))),
        ("sample_weight", lambda: estimator.fit(X, LABELS, sample_weight=hidden(ONES))),
        ("X", lambda: estimator.predict(hidden(X))),
        ("X", lambda: estimator.partial_fit(hidden(X), LABELS)),
        ("y", lambda: estimator.fit(X, LABELS, eval_set=(X, hidden(LABELS)))),
    ]
    for name, use in uses:
        with pytest.raises(InputError, match=f"^{name} is a masked array, and 1 of its values is masked"):
            use()
    np.testing.assert_array_equal(estimator.theta_, theta)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_an_array_that_could_be_masked_and_is_not_is_an_array() -> None:
    fitted = [MLPClassifier(max_iter=2, random_state=0).fit(one, LABELS) for one in (X, np.ma.MaskedArray(X))]
    np.testing.assert_array_equal(fitted[0].theta_, fitted[1].theta_)


def test_masked_cells_of_a_table_are_gaps() -> None:
    with_gaps = X.copy()
    with_gaps[3, 1] = np.nan
    expected = TableClassifier(**QUICK).fit(with_gaps, LABELS)
    found = TableClassifier(**QUICK).fit(hidden(X), LABELS)
    np.testing.assert_array_equal(found.predict_proba(hidden(X)), expected.predict_proba(with_gaps))


@pytest.mark.parametrize("kind", [TableClassifier, TableRegressor])
def test_masked_targets_weights_and_groups_of_a_table_are_refused(kind: Any) -> None:
    for name, given in {
        "y": {"y": hidden(LABELS)},
        "sample_weight": {"y": LABELS, "sample_weight": hidden(ONES)},
        "groups": {"y": LABELS, "groups": hidden(np.arange(60) % 6)},
    }.items():
        with pytest.raises(InputError, match=f"{name} is a masked array, and 1 of its values is masked"):
            kind(**QUICK).fit(X, **given)
