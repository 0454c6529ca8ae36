"""scikit-learn's checks of estimators pass, on every engine."""

import warnings
from typing import Any

from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.estimator_checks import parametrize_with_checks

from deltarule import MLPClassifier, MLPRegressor
from deltarule.engines import native

ENGINES = ["reference", *(["native"] if native.available() else [])]


@parametrize_with_checks(
    [Estimator(engine=engine, max_iter=100) for engine in ENGINES for Estimator in (MLPClassifier, MLPRegressor)]
)  # type: ignore[untyped-decorator]
def test_check_of_scikit_learn_passes(estimator: Any, check: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.filterwarnings("ignore", "y holds one class only", RuntimeWarning)
        if "sample_weight_equivalence" in str(check):
            # It compares to seven digits; single precision, in which adam and sgd train, has as many. scikit-learn
            # takes other settings of its own MLPs for this check, too.
            estimator.set_params(dtype="float64")
        check(estimator)
