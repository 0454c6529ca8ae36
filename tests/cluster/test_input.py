"""What a cluster takes and what it refuses: each message says what came, where, and what to do."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

da = pytest.importorskip("dask.array")
dd = pytest.importorskip("dask.dataframe")
distributed = pytest.importorskip("distributed")

from sklearn.base import clone  # noqa: E402

from deltarule import MLPClassifier, MLPRegressor, TableClassifier  # noqa: E402
from deltarule.cluster import DaskMLPClassifier, DaskMLPRegressor  # noqa: E402
from deltarule.cluster.checks import check_environments, check_memory  # noqa: E402
from deltarule.cluster.tasks import environment  # noqa: E402
from deltarule.common.errors import ClusterError, InputError, SettingsError, ShapeError  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

RNG = np.random.default_rng(0)
FRAME = pd.DataFrame(RNG.normal(size=(60, 3)), columns=["a", "b", "c"])
FRAME["label"] = np.where(FRAME["a"] + FRAME["b"] > 0, "yes", "no")
FRAME["w"] = RNG.integers(1, 4, 60)
X, Y = FRAME[["a", "b", "c"]].to_numpy(), FRAME["label"].to_numpy(str)
LBFGS: dict[str, Any] = {"hidden_layer_sizes": (3,), "solver": "lbfgs", "max_iter": 3, "random_state": 1}


def frame(**columns: Any) -> Any:
    return dd.from_pandas(FRAME.assign(**columns), npartitions=3, sort=False)


def fit(X: Any, y: Any, *more: Any, kind: Any = DaskMLPClassifier, **settings: Any) -> Any:
    return kind(**{**LBFGS, **settings}).fit(X, y, *more)


@pytest.mark.usefixtures("client")
class TestWhatIsTaken:
    expected = MLPClassifier(**LBFGS)

    @pytest.fixture(autouse=True)
    def fitted(self) -> None:
        self.expected.fit(FRAME[["a", "b", "c"]], FRAME["label"], FRAME["w"])

    def test_a_frame_and_names_of_its_columns(self) -> None:
        there = fit(frame(), "label", "w")
        np.testing.assert_array_equal(there.theta_, self.expected.theta_)
        assert there.feature_names_in_.tolist() == ["a", "b", "c"]

    def test_a_frame_and_series_of_it(self) -> None:
        given = frame()
        there = fit(given[["a", "b", "c"]], given["label"], given["w"])
        np.testing.assert_array_equal(there.theta_, self.expected.theta_)

    def test_paths_of_parquet(self, tmp_path: Path) -> None:
        for n in range(3):
            FRAME[20 * n : 20 * n + 20].to_parquet(tmp_path / f"{n}.parquet", row_group_size=7)
        for given in (str(tmp_path / "*.parquet"), tmp_path, [tmp_path / f"{n}.parquet" for n in range(3)]):
            np.testing.assert_array_equal(fit(given, "label", "w").theta_, self.expected.theta_)

    def test_categories_nullable_numbers_booleans_and_texts_of_arrow(self) -> None:
        given = frame(label=FRAME["label"].astype("category"), w=FRAME["w"].astype("Int64"))
        np.testing.assert_array_equal(fit(given, "label", "w").theta_, self.expected.theta_)
        unknown = given.assign(label=given["label"].cat.as_unknown())
        np.testing.assert_array_equal(fit(unknown, "label", "w").theta_, self.expected.theta_)
        whole = FRAME.assign(a=FRAME["a"] > 0, b=FRAME["b"].round().astype("Int32"), c=FRAME["c"].astype("float32"))
        alone = MLPClassifier(**LBFGS).fit(whole[["a", "b", "c"]].astype(float), FRAME["label"])
        there = fit(dd.from_pandas(whole[["a", "b", "c", "label"]], npartitions=4), "label")
        np.testing.assert_array_equal(there.theta_, alone.theta_)

    def test_arrays_whose_columns_are_chunked_whose_rows_are_strided_and_read_only(self) -> None:
        alone = MLPClassifier(**LBFGS).fit(X, Y)
        strided = np.asfortranarray(X)
        strided.flags.writeable = False
        there = fit(da.from_array(strided, chunks=(25, 2)), da.from_array(Y, chunks=60))
        np.testing.assert_array_equal(there.theta_, alone.theta_)

    def test_sparse_partitions(self) -> None:
        sparse = pytest.importorskip("scipy.sparse")
        alone = MLPClassifier(**LBFGS).fit(sparse.csr_matrix(X), Y)
        given = da.from_array(X, chunks=(25, 3)).map_blocks(sparse.csr_matrix)
        there = fit(given, da.from_array(Y, chunks=25))
        np.testing.assert_allclose(there.theta_, alone.theta_, rtol=1e-12)

    def test_partitions_of_unknown_lengths(self) -> None:
        given = frame()
        given = given[given["w"] < 3]
        few = FRAME[FRAME["w"] < 3]
        alone = MLPRegressor(**LBFGS).fit(few[["a", "b"]], few["c"])
        X, y = given[["a", "b"]].to_dask_array(), given["c"].to_dask_array()
        np.testing.assert_array_equal(fit(X, y, kind=DaskMLPRegressor).theta_, alone.theta_)

    def test_several_labels_and_several_quantities(self) -> None:
        both = np.stack([X[:, 0] > 0, X[:, 1] > 0], axis=1).astype(int)
        alone = MLPClassifier(**LBFGS).fit(X, both)
        there = fit(da.from_array(X, chunks=(25, 3)), da.from_array(both, chunks=(25, 1)))
        np.testing.assert_array_equal(there.theta_, alone.theta_)
        assert there.several_labels_
        quantities = MLPRegressor(**LBFGS).fit(X[:, :1], X[:, 1:])
        there = fit(frame()[["a"]], frame()[["b", "c"]], kind=DaskMLPRegressor)
        np.testing.assert_array_equal(there.theta_, quantities.theta_)

    def test_warm_starts_resumed_runs_and_callbacks_are_those_of_one_machine(self, tmp_path: Path) -> None:
        settings: dict[str, Any] = {"hidden_layer_sizes": (3,), "max_iter": 4, "random_state": 1}
        alone, there = MLPClassifier(**settings).fit(X, Y), DaskMLPClassifier(**{**settings, "max_iter": 2})
        given = da.from_array(X, chunks=(25, 3)), da.from_array(Y, chunks=25)
        there.fit(*given).set_params(max_iter=4).fit(*given, resume=True)
        np.testing.assert_array_equal(there.theta_, alone.theta_)
        stopped = DaskMLPClassifier(**settings).fit(
            *given, checkpoint=str(tmp_path / "run"), callbacks=[lambda progress: progress.epoch == 2]
        )
        assert stopped.n_iter_ == 2
        there = DaskMLPClassifier(**settings).fit(*given, checkpoint=str(tmp_path / "run"), resume=True)
        np.testing.assert_array_equal(there.theta_, alone.theta_)
        warm, other = (kind(**settings, warm_start=True) for kind in (MLPClassifier, DaskMLPClassifier))
        for _ in range(2):
            warm.fit(X, Y)
            other.fit(*given)
        np.testing.assert_array_equal(other.theta_, warm.theta_)


def refused(match: str, error: Any, *arguments: Any, **settings: Any) -> None:
    with pytest.raises(error, match=match):
        fit(*arguments, **settings)


@pytest.mark.usefixtures("client")
class TestWhatIsRefused:
    def test_each_estimator_names_the_one_that_takes_what_came(self) -> None:
        refused(
            "X is an ndarray, and DaskMLPClassifier takes frames and arrays of Dask.* MLPClassifier takes the ndarray",
            InputError,
            X,
            Y,
        )
        refused("MLPRegressor takes the DataFrame", InputError, FRAME, "c", kind=DaskMLPRegressor)
        with pytest.raises(InputError, match=r"deltarule\.cluster\.DaskMLPClassifier"):
            MLPClassifier().fit(frame()[["a"]], frame()["label"])
        with pytest.raises(InputError, match=r"deltarule\.cluster\.DaskMLPClassifier"):
            MLPClassifier(**LBFGS).fit(X, Y).predict(da.from_array(X))
        with pytest.raises(
            InputError, match=r"X is a DataFrame of Dask, all of whose rows .*\. X\.compute\(\) does so"
        ):
            TableClassifier().fit(frame()[["a"]], frame()["label"])
        refused("y is an ndarray, but X is on a cluster", InputError, da.from_array(X), Y)

    def test_lengths_that_differ_by_partition(self) -> None:
        short = frame()
        kept = short[short["a"] > -1]
        refused(r"X of partition 0 has 15 rows, but y has 20", ShapeError, kept[["a", "b"]], short["label"])
        refused(
            "X has 3 partitions, but y has 2", ShapeError, short[["a"]], dd.from_pandas(FRAME["label"], npartitions=2)
        )
        refused("X has 60 rows, but y has 59", ShapeError, da.from_array(X), da.from_array(Y[:59]))

    def test_gaps_texts_and_times(self) -> None:
        refused(
            "X holds nan in row 5 of partition 1, column 1",
            InputError,
            frame(b=FRAME["b"].where(FRAME.index != 25)),
            "label",
        )
        refused("column 'b' of partition 0 holds str.*takes numbers", InputError, frame(b=FRAME["label"]), "label")
        refused(
            "y has a gap in row 5 of partition 1",
            InputError,
            frame(label=FRAME["label"].where(FRAME.index != 25)),
            "label",
        )
        refused("which are no labels of classes", InputError, frame(label=pd.Timestamp("2026-01-01")), "label")
        gap = frame(c=FRAME["c"].where(FRAME.index != 25))
        refused(
            "The target is not finite in row 5 of partition 1", InputError, gap[["a"]], gap["c"], kind=DaskMLPRegressor
        )
        refused(r"The weight is -1\.0 in row 0 of partition 0", InputError, frame(w=-1), "label", "w")
        refused("sample_weight is 0 in every row", InputError, frame(w=0), "label", "w")
        refused("has no column 'lable'", InputError, frame(), "lable")

    def test_no_rows_at_all(self) -> None:
        given = frame()
        refused("X holds no row", InputError, given[given["a"] > 100][["a"]], given[given["a"] > 100]["label"])

    def test_labels_that_were_not_in_training(self) -> None:
        clf = fit(frame()[["a"]], frame()["label"])
        with pytest.raises(InputError, match="the label 'maybe', which is none of the 2 classes"):
            clf.score(frame()[["a"]], frame(label="maybe")["label"])

    def test_a_source_that_gives_other_rows_when_it_is_read_again(self) -> None:
        def other(block: Any) -> Any:
            return np.random.default_rng().normal(size=block.shape)

        given = da.from_array(X, chunks=(25, 3)).map_blocks(other, dtype=float)
        refused(
            "The rows of partition . are others than when the fit began", InputError, given, da.from_array(Y, chunks=25)
        )

    def test_a_parquet_file_that_is_written_anew_meanwhile(self, tmp_path: Path) -> None:
        FRAME.to_parquet(tmp_path / "a.parquet")

        def rewrite(progress: Any) -> None:
            FRAME[::-1].to_parquet(tmp_path / "a.parquet")

        with pytest.raises(InputError, match=r"was changed while it was read|are others than when the fit began"):
            DaskMLPClassifier(**LBFGS, resident=False).fit(str(tmp_path), "label", "w", callbacks=[rewrite])

    def test_settings(self) -> None:
        refused("parallel='chain' does not fit solver='lbfgs'", SettingsError, frame(), "label", parallel="chain")
        refused(
            "parallel='full' does not fit solver='adam'",
            SettingsError,
            frame(),
            "label",
            parallel="full",
            solver="adam",
        )
        refused("shards=0 must be a whole number from 1 on", SettingsError, frame(), "label", shards=0)
        refused("client is a str", InputError, frame(), "label", client="tcp://scheduler:8786")

    def test_sorted_rows_are_told_of_before_mini_batches(self) -> None:
        ordered = dd.from_pandas(FRAME.sort_values("label"), npartitions=4, sort=False)
        with pytest.warns(UserWarning, match="The rows seem to be sorted: 4.% of them"):
            fit(ordered, "label", solver="adam")

    def test_a_fit_that_fails_leaves_the_model_as_it_was_and_nothing_on_the_cluster(self, client: Any) -> None:
        clf = fit(frame(), "label", "w")
        before = clf.theta_.copy()
        with pytest.raises(InputError):
            clf.fit(frame(b=np.nan), "label", "w")
        np.testing.assert_array_equal(clf.theta_, before)
        assert ours(client) == []


def ours(client: Any) -> list[str]:
    """Return the tasks of this library on the scheduler, once those that are being released are gone."""

    def keys(dask_scheduler: Any) -> list[str]:
        return [str(key) for key in dask_scheduler.tasks if "deltarule" in str(key)]

    for _ in range(100):
        found: list[str] = client.run_on_scheduler(keys)
        if not found:
            break
    return found


def test_nothing_is_left_on_the_cluster_after_a_fit(client: Any) -> None:
    fit(frame(), "label", "w")
    DaskMLPClassifier(max_iter=2).fit(frame(), "label", "w")
    assert ours(client) == []


def test_without_a_client_the_message_says_how_to_make_one() -> None:
    # No other test's client is the present one here.
    from distributed import Client

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Client, "_get_global_client", staticmethod(lambda: None), raising=False)
        patch.setattr("deltarule.cluster.dask.get_client", _none)
        with pytest.raises(InputError, match=r"There is no client of a Dask cluster. Make one first"):
            fit(frame(), "label")


def _none() -> Any:
    raise ValueError("No global client found and no address provided")


def test_without_dask_the_import_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.delitem(sys.modules, "deltarule.cluster")
    with pytest.raises(ImportError, match=r"^deltarule.cluster takes Dask: pip install 'deltarule\[dask\]'\.$"):
        import deltarule.cluster  # noqa: F401


def test_parameters_are_those_of_one_machine_and_seven_more() -> None:
    own = {"client", "parallel", "shards", "rounds_per_epoch", "resident", "spans_per_worker", "span_rows"}
    for one, other in ((MLPClassifier, DaskMLPClassifier), (MLPRegressor, DaskMLPRegressor)):
        alone, there = one().get_params(), other().get_params()
        assert there.keys() - alone.keys() == own
        assert {name: there[name] for name in alone} == alone
        client = object()
        assert clone(other(client=client, alpha=3.0)).get_params()["client"] is client


def test_workers_of_another_kind_are_told() -> None:
    here = environment()
    check_environments({"a": here, "b": here})
    with pytest.raises(ClusterError, match=r"The worker b has deltarule 0.0.1, and the client"):
        check_environments({"a": here, "b": {**here, "deltarule": "0.0.1"}})
    with pytest.raises(ClusterError, match=r"The worker b has python 3.1, and the client"):
        check_environments({"a": here, "b": {**here, "python": "3.1.4"}})
    with pytest.warns(UserWarning, match=r"differ in core \(avx2, avx512\).* Set DELTARULE_ISA"):
        check_environments({"a": {**here, "core": "avx2"}, "b": {**here, "core": "avx512"}})


def test_rows_that_do_not_fit_into_the_workers_are_told_before_they_are_placed() -> None:
    workers = {"a": {"memory_limit": 10**9}, "b": {"memory_limit": 2 * 10**9}}
    check_memory(workers, 10**9)
    with pytest.raises(
        ClusterError, match=r"2 GB as the network takes them, 1 GB for each of 2 workers.*resident=False"
    ):
        check_memory(workers, 2 * 10**9)
    check_memory({"a": {"memory_limit": 0}}, 10**15)
