"""Predictions for sources are those of the same rows in memory, returned or written to a file."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow.dataset as ds
import pytest

from deltarule import Blocks, MLPRegressor, TableRows
from deltarule.common.errors import InputError, OutputError
from deltarule.tables.model import TableModel
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


def test_predictions_are_not_written_over_the_rows_that_they_are_of(path: Callable[..., str], tmp_path: Path) -> None:
    files = path("label")
    fitted, of_table = made().fit(files, "label"), TableRows.learn(files, "label")
    model = TableModel(of_table.encoder, made().fit(of_table), "label", 0)
    read = sorted(Path(files).parent.glob(Path(files).name))
    before = read[-1].read_bytes()
    link = tmp_path / "link.parquet"
    link.symlink_to(read[-1])
    for source in (files, [*read], str(read[-1]), read[-1].parent, ds.dataset(read)):
        for write in (fitted.predict_to_parquet, model.predict_to_parquet):
            for place in (read[-1], link):
                with pytest.raises(OutputError, match="is one of the files that are read, and would be lost"):
                    write(source, place)
    assert read[-1].read_bytes() == before
    assert fitted.predict_to_parquet(files, read[0].parent / "predictions") == M
