"""Probabilities of a classifier come from z: neither side of a confident answer loses its digits."""

from typing import Any

import mpmath as mp
import numpy as np
import pytest

from deltarule import MLPClassifier, Network
from deltarule.engines import native

ENGINES = ["reference", *(["native"] if native.available() else [])]
DTYPES = [np.float32, np.float64]


def of_z(dtype: Any, engine: str, K: int = 1, **parts: Any) -> MLPClassifier:
    """Return a classifier whose z is X."""
    theta = np.zeros((K, K + 1), dtype)
    theta[:, 1:] = np.eye(K)
    classes = parts.pop("classes", np.arange(max(K, 2)))
    return MLPClassifier.from_parts(
        Network((K, K), output=parts.pop("output", "sigmoid")), theta.ravel(), classes=classes, engine=engine, **parts
    )


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("z", [40.0, -40.0, 700.0, -700.0, 0.75])
def test_two_classes_have_both_probabilities_and_logarithms_to_the_last_digit(
    z: float, dtype: Any, engine: str
) -> None:
    clf = of_z(dtype, engine)
    with mp.workdps(400):
        exact = [1 / (1 + mp.exp(mp.mpf(side))) for side in (z, -z)]
        judges = ([float(value) for value in exact], [float(mp.log(value)) for value in exact])
    for rows in (1, 3):
        X = np.full((rows, 1), z, dtype)
        for ours, judge in zip((clf.predict_proba(X), clf.predict_log_proba(X)), judges, strict=True):
            assert ours.dtype == dtype
            rtol = 2 * float(np.finfo(dtype).eps)
            np.testing.assert_allclose(ours, [judge] * rows, rtol=rtol, atol=float(np.finfo(dtype).smallest_subnormal))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_sigmoids_over_their_sum_survive_where_all_of_them_round_to_0(dtype: Any, engine: str) -> None:
    clf = of_z(dtype, engine, K=3)
    X = np.array([[-800.0, -801.0, -900.0], [-0.5, 0.25, 2.0]], dtype)
    e = np.exp(-1.0)
    proba, logarithms = clf.predict_proba(X), clf.predict_log_proba(X)
    rtol = 4 * float(np.finfo(dtype).eps)
    np.testing.assert_allclose(proba[0, :2], [1 / (1 + e), e / (1 + e)], rtol=rtol)
    np.testing.assert_allclose(logarithms[0], [-np.log1p(e), -1 - np.log1p(e), -100 - np.log1p(e)], rtol=rtol)
    h = 1 / (1 + np.exp(-X[1].astype(np.float64)))
    np.testing.assert_allclose(proba[1], h / h.sum(), rtol=2 * rtol)
    np.testing.assert_allclose(logarithms[1], np.log(h / h.sum()), rtol=2 * rtol)


@pytest.mark.parametrize("engine", ENGINES)
def test_logarithms_of_softmax_and_of_several_labels_are_finite_where_probabilities_round_to_0(engine: str) -> None:
    X = np.array([[0.0, -1000.0, 5.0]])
    softmax = of_z(np.float64, engine, K=3, output="softmax")
    assert softmax.predict_proba(X)[0, 1] == 0
    np.testing.assert_allclose(softmax.predict_log_proba(X)[0], X[0] - 5 - np.log1p(np.exp(-5.0)), rtol=1e-15)
    several = of_z(np.float64, engine, K=3, several_labels=True)
    np.testing.assert_allclose(several.predict_log_proba(X)[0], [-np.log(2), -1000, -np.log1p(np.exp(-5))], rtol=1e-13)


def test_sparse_rows_have_probabilities_too() -> None:
    from scipy.sparse import csr_array

    clf = of_z(np.float64, "auto")
    X = np.array([[40.0], [-3.0]])
    np.testing.assert_array_equal(clf.predict_proba(csr_array(X)), clf.predict_proba(X))
