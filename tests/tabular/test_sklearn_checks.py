"""scikit-learn's checks of estimators pass."""

import warnings
from typing import Any

from sklearn.utils.estimator_checks import parametrize_with_checks

from deltarule import TableClassifier, TableRegressor

NOT_OURS = {
    "check_sample_weight_equivalence_on_dense_data": "rows are dealt to folds, and a repeated row may be in two",
}


def expected_failures(estimator: Any) -> dict[str, str]:
    return NOT_OURS


# Double precision, because some checks compare more digits than single precision has.
SMALL: dict[str, Any] = {"n_members": 1, "hidden_layer_sizes": (16, 16), "random_state": 0, "dtype": "float64"}


@parametrize_with_checks(
    [TableClassifier(epochs=30, **SMALL), TableRegressor(epochs=60, **SMALL)],
    expected_failed_checks=expected_failures,
)  # type: ignore[untyped-decorator]
def test_check_of_scikit_learn_passes(estimator: Any, check: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check(estimator)
