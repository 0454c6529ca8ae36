"""Fits on sources: the bits of the same fit in memory where that is promised, and clear words where nothing fits."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow.dataset as ds
import pytest

import deltarule
from deltarule import Blocks, MLPClassifier, MLPRegressor, Progress
from deltarule.blocks.cache import converted
from deltarule.blocks.stored_rows import StoredRows
from deltarule.common.errors import CheckpointError, InputError, SettingsError
from deltarule.estimators import streamed
from streamed_rows import FEATURES, TABLE, M, made

pytestmark = pytest.mark.usefixtures("cache", "small_buffers", "runs_may_end_early")


def same(one: Any, other: Any) -> None:
    np.testing.assert_array_equal(one.theta_, other.theta_)
    assert one.theta_.dtype == other.theta_.dtype
    assert one.loss_curve_ == other.loss_curve_
    assert (one.n_iter_, one.t_) == (other.n_iter_, other.t_)
    if isinstance(one, MLPClassifier):
        np.testing.assert_array_equal(one.classes_, other.classes_)
        assert one.classes_.dtype == other.classes_.dtype


@pytest.mark.parametrize("engine", ["auto", "reference"])
@pytest.mark.parametrize(
    "parameters",
    [
        {"solver": "lbfgs", "max_iter": 15, "alpha": 1.0},
        {"solver": "cg", "max_iter": 5},
        {"solver": "gd", "class_weight": "balanced", "label_smoothing": 0.1},
        {"solver": "lbfgs", "dtype": "float32"},
        {"solver": "adam", "shuffle": False, "dropout": 0.2, "class_weight": {"b": 3.0}},
    ],
)
@pytest.mark.parametrize("weight", [None, "w"])
def test_a_fit_on_files_has_the_bits_of_the_fit_in_memory(
    engine: str, parameters: Any, weight: str | None, path: Callable[..., str]
) -> None:
    if engine == "reference" and weight and "class_weight" in parameters:
        pytest.skip("the reference engine adds weights that are no whole numbers in another order")
    one = made(engine=engine, **parameters)
    one.fit(TABLE[FEATURES], TABLE["label"].to_numpy(), None if weight is None else TABLE["w"])
    other = made(engine=engine, **parameters)
    other.fit(path("label", *([weight] if weight else [])), "label", weight)
    same(one, other)
    np.testing.assert_array_equal(other.feature_names_in_, FEATURES)
    np.testing.assert_array_equal(one.predict(TABLE[FEATURES]), other.predict(TABLE[FEATURES]))


@pytest.mark.parametrize("targets", ["quantity", ["quantity", "other"]])
@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
def test_a_regressor_has_the_bits_of_the_fit_in_memory(targets: Any, solver: str, path: Callable[..., str]) -> None:
    given = made(MLPRegressor, solver=solver, shuffle=False)
    one = given.fit(TABLE[FEATURES], TABLE[targets])
    other = made(MLPRegressor, solver=solver, shuffle=False).fit(
        path(*([targets] if isinstance(targets, str) else targets)), targets
    )
    same(one, other)


def test_several_labels_are_columns_of_0_and_1(path: Callable[..., str]) -> None:
    table = TABLE.assign(one=(TABLE.p > 0).astype(int), two=(TABLE.q > 0).astype(int))
    one = made(solver="lbfgs").fit(table[FEATURES], table[["one", "two"]].to_numpy())
    other = made(solver="lbfgs").fit(path("one", "two", rows=table), ["one", "two"])
    same(one, other)
    assert other.several_labels_


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
def test_every_form_of_the_same_rows_gives_the_same_bits(dtype: str, solver: str, path: Callable[..., str]) -> None:
    table = TABLE.astype(dict.fromkeys(FEATURES, dtype))
    files = path("label", rows=table)
    X, y = table[FEATURES].to_numpy(), table["label"].to_numpy(dtype=str)

    def load(n: int) -> Any:
        return X[3001 * n : 3001 * n + 3001], y[3001 * n : 3001 * n + 3001]

    first = made(solver=solver).fit(files, "label")
    assert first.theta_.dtype == dtype
    duckdb = pytest.importorskip("duckdb")
    for given in (
        (pl.scan_parquet(files), "label"),
        (duckdb.read_parquet(files), "label"),
        (ds.dataset(str(Path(files).parent)), "label"),
        (Blocks.from_arrays(X, y, block_rows=500),),
        (Blocks.from_function(load, [3001] * 3),),
    ):
        same(first, made(solver=solver).fit(*given))


def test_mini_batches_of_many_buffers_learn_as_well_as_in_memory(path: Callable[..., str]) -> None:
    table = TABLE.sort_values("label")  # the worst order
    files = path("label", rows=table)
    settings = {"max_iter": 10, "learning_rate_init": 0.01}
    in_memory = made(**settings).fit(table[FEATURES], table["label"].to_numpy())
    on_disk = made(**settings).fit(files, "label")
    scores = [one.score(TABLE[FEATURES], TABLE["label"].to_numpy()) for one in (in_memory, on_disk)]
    assert scores[0] > 0.95
    assert abs(scores[0] - scores[1]) < 0.02


@pytest.mark.parametrize("order", ["files", "blocks"])
def test_a_sorted_source_is_mixed_where_x_fits_a_buffer_and_whole_rows_do_not(
    order: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = 20_000  # of 4 bytes of X, 4 of codes and 8 of weights; a buffer has 200 000
    table = pd.DataFrame({"x": np.arange(rows, dtype=np.float32), "label": np.arange(rows) // 10_000, "w": 1.0})
    table.to_parquet(tmp_path / "sorted.parquet", index=False)
    first: list[Any] = []

    def spied(*arguments: Any, **named: Any) -> Any:
        file = converted(*arguments, **named)
        first.append(next(iter(file.targets()))[1][:600, 0].tolist())
        return file

    monkeypatch.setattr(streamed, "converted", spied)
    blocks = Blocks.from_arrays(table[["x"]].to_numpy(), table["label"].to_numpy(), table["w"].to_numpy())
    given = (str(tmp_path / "sorted.parquet"), "label", "w") if order == "files" else (blocks,)
    made(max_iter=1).fit(*given)
    assert 200 < sum(first[-1]) < 400
    assert len(first) == 2
    made(max_iter=1, shuffle=False).fit(*given)
    assert sum(first[-1]) == 0


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("weight", [None, "w"])
def test_a_validation_set_in_files_measures_as_one_in_memory(
    early_stopping: bool, weight: str | None, path: Callable[..., str]
) -> None:
    columns = [weight] if weight else []
    files = path("label", *columns)
    watched = path("label", *columns, rows=TABLE[:3000], name="watched")
    parameters = {"early_stopping": early_stopping, "shuffle": False, "class_weight": {"a": 2.0}}
    w = None if weight is None else TABLE["w"]
    arrays = (TABLE[FEATURES][:3000], TABLE["label"].to_numpy()[:3000], *([] if w is None else [w[:3000]]))
    one = made(**parameters).fit(TABLE[FEATURES], TABLE["label"].to_numpy(), w, eval_set=arrays)
    other = made(**parameters).fit(files, "label", weight, eval_set=(watched, "label", *columns))
    mixed = made(**parameters).fit(files, "label", weight, eval_set=arrays)
    for fitted in (other, mixed):
        np.testing.assert_array_equal(one.theta_, fitted.theta_)
        np.testing.assert_array_equal(one.history_.validation_cost, fitted.history_.validation_cost)
        # Sums of up to 3000 weights in another order.
        np.testing.assert_allclose(one.history_.validation_score, fitted.history_.validation_score, rtol=3000 * 2**-52)


@pytest.mark.parametrize("targets", ["quantity", ["quantity", "other"]])
def test_r2_of_a_validation_set_in_files_is_that_in_memory(targets: Any, path: Callable[..., str]) -> None:
    columns = [targets] if isinstance(targets, str) else targets
    watched = path(*columns, rows=TABLE[:3000], name="watched")
    arrays = (TABLE[FEATURES][:3000], TABLE[targets][:3000])
    one = made(MLPRegressor, shuffle=False).fit(path(*columns), targets, eval_set=arrays)
    other = made(MLPRegressor, shuffle=False).fit(path(*columns), targets, eval_set=(watched, targets))
    # In memory the predictions are subtracted in float32 where they are; half the digits of float32 are left.
    np.testing.assert_allclose(one.history_.validation_score, other.history_.validation_score, rtol=1e-4)


def test_blocks_are_validation_sets_too() -> None:
    X, y = TABLE[FEATURES].to_numpy(), TABLE["label"].to_numpy(dtype=str)
    blocks = Blocks.from_arrays(X, y)
    fitted = made().fit(blocks, eval_set=(Blocks.from_arrays(X[:100], y[:100]),))
    assert np.isfinite(fitted.validation_loss_curve_).all()


def test_early_stopping_holds_rows_out_whatever_the_form(path: Callable[..., str]) -> None:
    files = path("label")
    parameters = {"early_stopping": True, "max_iter": 5, "validation_fraction": 0.2}
    one = made(**parameters).fit(files, "label")
    other = made(**parameters).fit(pl.scan_parquet(files), "label")
    same(one, other)
    assert one.validation_scores_ == other.validation_scores_
    assert one.validation_scores_[-1] > 0.5
    assert abs(one.t_ / one.n_iter_ - 0.8 * M) < 5 * np.sqrt(M * 0.2 * 0.8)


def test_scorers_measure_arrays_beside_files(path: Callable[..., str]) -> None:
    arrays = TABLE[FEATURES][:500], TABLE["label"].to_numpy()[:500]
    fitted = made(scoring=["f1_macro", "loss"]).fit(path("label"), "label", eval_set=arrays)
    assert list(fitted.scores_) == ["validation_f1_macro"]
    fitted = made(scoring="loss").fit(path("label"), "label", eval_set=(path("label"), "label"))
    assert np.isfinite(fitted.validation_loss_curve_).all()
    with pytest.raises(SettingsError, match="takes rows in memory, and here all are read block by block"):
        made(scoring="f1_macro").fit(path("label"), "label", eval_set=(path("label"), "label"))


@pytest.mark.parametrize("parameters", [{}, {"early_stopping": True}, {"dropout": 0.2, "solver": "sgd"}])
def test_a_run_on_files_is_resumed_to_the_bit(parameters: Any, path: Callable[..., str], tmp_path: Path) -> None:
    files = path("label", "w")
    whole = made(max_iter=6, **parameters).fit(files, "label", "w")
    stopped = made(max_iter=6, **parameters).fit(files, "label", "w", callbacks=[lambda progress: progress.epoch == 2])
    stopped.fit(files, "label", "w", resume=True)
    np.testing.assert_array_equal(whole.theta_, stopped.theta_)
    checkpoint = tmp_path / "run"
    made(max_iter=3, **parameters).fit(files, "label", "w", checkpoint=checkpoint)
    from_file = made(max_iter=6, **parameters).fit(files, "label", "w", checkpoint=checkpoint, resume=True)
    np.testing.assert_array_equal(whole.theta_, from_file.theta_)


def test_ctrl_c_in_the_middle_of_an_epoch_resumes_to_the_bit(
    path: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    files = path("label")
    whole = made(max_iter=4).fit(files, "label")
    take, calls = StoredRows.take, []

    def pressed(self: Any, *arguments: Any) -> Any:
        calls.append(0)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return take(self, *arguments)

    monkeypatch.setattr(StoredRows, "take", pressed)
    stopped = made(max_iter=4).fit(files, "label")
    assert stopped.history_.stopped == "interrupted"
    stopped.fit(files, "label", resume=True)
    np.testing.assert_array_equal(whole.theta_, stopped.theta_)


def test_a_run_on_other_rows_is_not_resumed(path: Callable[..., str], tmp_path: Path) -> None:
    files = path("label")
    fitted = made(max_iter=2).fit(files, "label", checkpoint=tmp_path / "run")
    path("label", rows=TABLE.assign(p=TABLE.p + 1))
    with pytest.raises(InputError, match="their order or their weights are others"):
        fitted.set_params(max_iter=4).fit(files, "label", resume=True)
    with pytest.raises(CheckpointError, match="the examples, their order, targets or weights are others"):
        made(max_iter=4).fit(files, "label", checkpoint=tmp_path / "run", resume=True)


def test_a_warm_start_goes_on_from_files_to_arrays(path: Callable[..., str]) -> None:
    fitted = made(warm_start=True, shuffle=False).fit(path("label"), "label")
    before = fitted.theta_.copy()
    fitted.fit(TABLE[FEATURES], TABLE["label"].to_numpy())
    assert (before != fitted.theta_).any()
    fitted.fit(path("label"), "label")
    assert fitted.t_ == 9 * M


def test_a_fit_that_fails_leaves_the_model_as_it_was(path: Callable[..., str]) -> None:
    fitted = made().fit(path("label"), "label")
    before = fitted.theta_.copy()
    table = TABLE.assign(p=np.where(np.arange(M) == 8000, np.nan, TABLE.p))
    with pytest.raises(InputError, match=r"'p'.*row 0 of .*2\.parquet"):
        fitted.fit(path("label", rows=table, name="bad"), "label")
    np.testing.assert_array_equal(fitted.theta_, before)


def test_a_fitted_model_is_saved_as_one_of_arrays(path: Callable[..., str], tmp_path: Path) -> None:
    fitted = made().fit(path("label"), "label")
    fitted.save(tmp_path / "model")
    again = deltarule.load(tmp_path / "model")
    np.testing.assert_array_equal(again.predict(TABLE[FEATURES]), fitted.predict(TABLE[FEATURES]))


def test_callbacks_see_every_epoch(path: Callable[..., str]) -> None:
    seen: list[int] = []

    def callback(progress: Progress) -> None:
        seen.append(progress.epoch)

    made().fit(path("label"), "label", callbacks=[callback])
    assert seen == [1, 2, 3]


def test_numbers_beyond_float32_are_trained_in_float64(path: Callable[..., str]) -> None:
    for factor in (1e20, 1e40):
        table = TABLE.assign(p=TABLE.p * factor)
        fitted = made(MLPRegressor, solver="adam", activation="tanh", max_iter=1, shuffle=False)
        one = fitted.fit(table[FEATURES], table["quantity"])
        other = made(MLPRegressor, solver="adam", activation="tanh", max_iter=1, shuffle=False)
        same(one, other.fit(path("quantity", rows=table), "quantity"))
