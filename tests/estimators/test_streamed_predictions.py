"""Predictions for sources are those of the same rows in memory, returned or written to a file."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from deltarule import Blocks, MLPRegressor
from deltarule.common.errors import InputError, OutputError
from streamed_rows import FEATURES, TABLE, M, made

pytestmark = pytest.mark.usefixtures("cache", "small_buffers", "runs_may_end_early")


def test_predictions_of_sources_are_those_of_the_same_rows_in_memory(path: Callable[..., str]) -> None:
    files = path("label", "w")  # with columns that are no features
    fitted = made(hidden_layer_sizes=(4,)).fit(path("label"), "label")
    frame = TABLE[FEATURES]
    blocks = Blocks.from_arrays(frame.to_numpy(), TABLE["label"].to_numpy(dtype=str), block_rows=1000)
    for method in ("predict", "predict_proba", "predict_log_proba"):
        expected = getattr(fitted, method)(frame)
        for source in (files, [files], pl.scan_parquet(files), blocks):
            np.testing.assert_array_equal(getattr(fitted, method)(source), expected)
    regressor = made(MLPRegressor).fit(frame.to_numpy(), TABLE["quantity"])
    expected = regressor.predict(frame.to_numpy())
    np.testing.assert_array_equal(regressor.predict(pl.scan_parquet(files).select(FEATURES)), expected)


@pytest.mark.parametrize("labels", [["a", "b"], [3, 7], [False, True], [1.0, 2.0]])
def test_predictions_are_written_with_the_types_of_the_labels(
    labels: list[Any], path: Callable[..., str], tmp_path: Path
) -> None:
    y = np.array(labels)[(TABLE.p > 0).astype(int)]
    fitted = made(solver="lbfgs").fit(TABLE[FEATURES], y)
    written = tmp_path / "predictions.parquet"
    for source in (path("label"), Blocks.from_arrays(TABLE[FEATURES].to_numpy(), y, block_rows=1000)):
        assert fitted.predict_to_parquet(source, written) == M
        read = pd.read_parquet(written)
        assert list(read.columns) == ["predicted", *(f"probability_{label}" for label in labels)]
        assert {type(label) for label in read["predicted"].tolist()} == {type(labels[0])}
        np.testing.assert_array_equal(read["predicted"], fitted.predict(TABLE[FEATURES]))
        np.testing.assert_array_equal(read.iloc[:, 1:], fitted.predict_proba(TABLE[FEATURES]))


def test_quantities_and_several_labels_are_written_too(path: Callable[..., str], tmp_path: Path) -> None:
    files, written = path("label"), tmp_path / "predictions.parquet"
    one = made(MLPRegressor).fit(TABLE[FEATURES], TABLE["quantity"])
    one.predict_to_parquet(files, written)
    np.testing.assert_array_equal(pd.read_parquet(written)["predicted"], one.predict(TABLE[FEATURES]))
    two = made(MLPRegressor).fit(TABLE[FEATURES], TABLE[["quantity", "other"]])
    two.predict_to_parquet(files, str(written))
    read = pd.read_parquet(written)
    assert list(read) == ["predicted_0", "predicted_1"]
    np.testing.assert_array_equal(read, two.predict(TABLE[FEATURES]))
    several = made().fit(TABLE[FEATURES], (TABLE[["p", "q"]] > 0).to_numpy().astype(int))
    several.predict_to_parquet(files, written)
    read = pd.read_parquet(written)
    assert list(read) == ["predicted_0", "predicted_1", "probability_0", "probability_1"]
    np.testing.assert_array_equal(read.iloc[:, :2], several.predict(TABLE[FEATURES]))


def test_predictions_are_written_whole_or_not_at_all(path: Callable[..., str], tmp_path: Path) -> None:
    fitted = made().fit(path("label"), "label")
    written = tmp_path / "predictions.parquet"
    written.write_text("kept")
    gap = TABLE.assign(r=np.where(np.arange(M) == 8500, np.nan, TABLE.r))
    with pytest.raises(InputError, match=r"'r'.*row 500 of .*2\.parquet"):
        fitted.predict_to_parquet(path("label", rows=gap, name="gaps"), written)
    assert written.read_text() == "kept"
    assert [one.name for one in tmp_path.iterdir() if one.is_file()] == ["predictions.parquet"]
    with pytest.raises(OutputError, match="there is no folder"):
        fitted.predict_to_parquet(path("label"), tmp_path / "none" / "predictions.parquet")
    with pytest.raises(InputError, match="X is a DataFrame, which is in memory already"):
        fitted.predict_to_parquet(TABLE[FEATURES], written)
