"""Predictions are lazy, keep partitions, rows and index, and have the bits of the local model."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

da = pytest.importorskip("dask.array")
dd = pytest.importorskip("dask.dataframe")

import deltarule  # noqa: E402
from deltarule import MLPClassifier  # noqa: E402
from deltarule.cluster import DaskMLPClassifier, DaskMLPRegressor  # noqa: E402
from deltarule.common.errors import InputError, ShapeError  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

RNG = np.random.default_rng(0)
FRAME = pd.DataFrame(RNG.normal(size=(50, 2)), columns=["a", "b"], index=np.arange(50)[::-1] * 2)
LABELS = np.where(FRAME["a"] > 0, "yes", "no")
LBFGS: dict[str, Any] = {"hidden_layer_sizes": (3,), "solver": "lbfgs", "max_iter": 5, "random_state": 1}


@pytest.fixture(scope="module")
def clf(client: Any) -> Any:
    X = dd.from_pandas(FRAME, npartitions=3, sort=False)
    y = dd.from_pandas(pd.Series(LABELS, FRAME.index), npartitions=3, sort=False)
    return DaskMLPClassifier(**LBFGS, client=client).fit(X, y)


def test_of_a_frame_they_are_a_series_or_a_frame_with_its_index(clf: Any) -> None:
    X, local = dd.from_pandas(FRAME, npartitions=4, sort=False), clf.to_local()
    predicted = clf.predict(X)
    assert predicted.npartitions == 4
    found = predicted.compute()
    pd.testing.assert_series_equal(
        found, pd.Series(local.predict(FRAME), FRAME.index, name="prediction"), check_dtype=False
    )
    shares = clf.predict_proba(X)
    assert list(shares.columns) == ["no", "yes"]
    np.testing.assert_array_equal(shares.compute().to_numpy(), local.predict_proba(FRAME))
    assert shares.compute().index.tolist() == FRAME.index.tolist()
    np.testing.assert_array_equal(clf.predict_log_proba(X).compute().to_numpy(), local.predict_log_proba(FRAME))


def test_columns_are_taken_by_name(clf: Any) -> None:
    mixed = dd.from_pandas(FRAME[["b", "a"]], npartitions=2, sort=False)
    np.testing.assert_array_equal(clf.predict_proba(mixed).compute().to_numpy(), clf.to_local().predict_proba(FRAME))
    with pytest.raises(InputError, match="X has no column 'b', on which the model was trained"):
        clf.predict(mixed.rename(columns={"b": "c"}))


def test_of_an_array_they_are_an_array_of_the_same_chunks(client: Any) -> None:
    values = FRAME.to_numpy()
    X = da.from_array(values, chunks=((20, 0, 30), 1))
    clf = DaskMLPClassifier(**LBFGS, client=client).fit(X, da.from_array(LABELS, chunks=25))
    local = clf.to_local()
    predicted, shares = clf.predict(X), clf.predict_proba(X)
    assert predicted.chunks == ((20, 0, 30),)
    assert (shares.chunks, shares.dtype) == (((20, 0, 30), (2,)), np.float64)
    np.testing.assert_array_equal(predicted.compute(), local.predict(values))
    np.testing.assert_array_equal(shares.compute(), local.predict_proba(values))
    assert clf.score(X, da.from_array(LABELS, chunks=25)) == local.score(values, LABELS)
    weights = np.arange(50.0)
    scored = clf.score(X, da.from_array(LABELS, chunks=25), da.from_array(weights, chunks=25))
    assert scored == pytest.approx(local.score(values, LABELS, weights), rel=1e-12)


@pytest.mark.parametrize("targets", [1, 2])
def test_quantities(client: Any, targets: int) -> None:
    values = FRAME.to_numpy()
    y = 1000 + values[:, :targets] ** 2 if targets > 1 else 1000 + values[:, 0] ** 2
    X, given = da.from_array(values, chunks=(20, 2)), da.from_array(y, chunks=(20, *y.shape[1:]))
    reg = DaskMLPRegressor(**LBFGS, client=client).fit(X, given)
    local = reg.to_local()
    np.testing.assert_array_equal(reg.predict(X).compute(), local.predict(values))
    assert reg.score(X, given) == pytest.approx(local.score(values, y), rel=1e-9)
    lazy = reg.predict(dd.from_pandas(FRAME, npartitions=2, sort=False))
    np.testing.assert_array_equal(lazy.compute().to_numpy(), local.predict(values))


def test_a_model_of_a_cluster_is_saved_as_one_of_one_machine(clf: Any, tmp_path: Path) -> None:
    clf.save(tmp_path / "a.model")
    loaded = deltarule.load(tmp_path / "a.model")
    assert type(loaded) is MLPClassifier
    np.testing.assert_array_equal(loaded.predict_proba(FRAME), clf.to_local().predict_proba(FRAME))
    clf.to_local().coefs_[0][:] = 0  # a copy of its own
    assert clf.coefs_[0].any()


def test_rows_of_this_process_and_of_another_width_are_refused(clf: Any) -> None:
    with pytest.raises(InputError, match=r"Take to_local\(\)\.predict\(X\)"):
        clf.predict(FRAME)
    with pytest.raises(ShapeError, match="X has 1 features, but DaskMLPClassifier is expecting 2"):
        clf.predict(dd.from_pandas(FRAME[["a"]], npartitions=1))
