"""Raw tables that are read part by part mean what they mean in memory, and train the same networks."""

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow.csv
import pyarrow.dataset as ds
import pytest
from sklearn.exceptions import ConvergenceWarning

from deltarule import Blocks, MLPClassifier, MLPRegressor, TableRows
from deltarule.common.errors import InputError, TableError
from deltarule.tables import TableEncoder, read_table
from deltarule.tables.options import TableOptions
from deltarule.tables.streamed import meanings
from deltarule.tables.streamed.split import HELD_OUT, LEARNT, WATCHED, Split
from deltarule.tables.target_column import training_target
from raw_tables import M, raw, same_encoder

pytestmark = pytest.mark.usefixtures("cache", "small_buffers")


@pytest.fixture(autouse=True)
def parts_are_small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("deltarule.blocks.sources.arrow_rows.BATCH_ROWS", 256)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


def written(folder: Path, frame: pd.DataFrame, files: int = 3) -> str:
    folder.mkdir(exist_ok=True)
    for n, part in enumerate(np.array_split(np.arange(len(frame)), files)):
        frame.iloc[part].to_parquet(folder / f"{n}.parquet", index=False)
    return str(folder / "*.parquet")


@pytest.mark.parametrize("target", ["y", "z"])
@pytest.mark.parametrize(
    "options",
    [
        TableOptions(dates="day-first"),
        TableOptions(dates="day-first", categories=("count", "open"), keep=("name", "id"), drop=("huge",)),
        TableOptions(dates="day-first", gaps=("Bonn", "3", "4"), drop=("street",)),
    ],
)
def test_columns_mean_what_they_mean_in_memory(target: str, options: TableOptions, tmp_path: Path) -> None:
    table = raw()
    for split in (Split(), Split(3, 0.3, 0.2)):
        rows = TableRows.learn(written(tmp_path, table), target, weight="w", options=options, split=split)
        learnt = np.flatnonzero(split.parts(0, M) != HELD_OUT)
        in_memory = TableEncoder.fit(table, without=[target, "w"], options=options, rows=learnt.tolist())
        same_encoder(in_memory, rows.encoder)
        expected = training_target(table, target, "auto", options)
        assert rows.target is not None
        assert rows.target.why == expected.why
        assert rows.notices == (*expected.notices, *rows.encoder.notices)


def test_rows_are_encoded_as_in_memory_whatever_the_source(tmp_path: Path) -> None:
    table = raw().drop(columns=["took", "kind", "plain day"])
    files = written(tmp_path, table)
    whole = tmp_path / "whole.csv"
    table.to_csv(whole, index=False)
    convert = pyarrow.csv.ConvertOptions(strings_can_be_null=True, null_values=[""])
    csv = ds.dataset(str(whole), format=ds.CsvFileFormat(convert_options=convert))
    options = TableOptions(dates="day-first")
    X = TableEncoder.fit(table, without=["y"], options=options).transform(table)
    for source in (files, pl.scan_parquet(files), ds.dataset(str(tmp_path), exclude_invalid_files=True), csv):
        rows = TableRows.learn(source, "y", options=options)
        found = [chunk.X for chunk in rows.like(source).source_for(None).chunks(np.dtype(np.float64))]  # type: ignore[arg-type]
        np.testing.assert_allclose(np.concatenate(found), X, rtol=1e-8, atol=1e-9)


def test_a_classifier_learns_raw_rows_and_predicts_others(tmp_path: Path) -> None:
    table = raw()
    rows = TableRows.learn(written(tmp_path / "a", table), "y", options=TableOptions(dates="day-first"))
    fitted = MLPClassifier((8,), solver="lbfgs", max_iter=20, random_state=0).fit(rows)
    X = rows.encoder.transform(table)
    in_memory = MLPClassifier((8,), solver="lbfgs", max_iter=20, random_state=0).fit(X, table["y"].to_numpy(dtype=str))
    np.testing.assert_allclose(fitted.loss_curve_[:3], in_memory.loss_curve_[:3], rtol=1e-9)
    assert fitted.classes_.tolist() == ["large", "small"]
    assert fitted.score(X, table["y"].to_numpy(dtype=str)) > 0.95
    new = raw(seed=1).drop(columns="y")
    predicted = fitted.predict(rows.like(written(tmp_path / "b", new)))
    np.testing.assert_array_equal(predicted, fitted.predict(rows.encoder.transform(new)))
    assert fitted.predict_to_parquet(rows.like(str(tmp_path / "b")), tmp_path / "predicted") == M
    np.testing.assert_array_equal(pd.read_parquet(tmp_path / "predicted")["predicted"], predicted)


def test_a_regressor_learns_raw_rows_with_weights(tmp_path: Path) -> None:
    table = raw()
    files = written(tmp_path, table)
    split = Split(0, 0.2, 0.1)
    rows = TableRows.learn(files, "z", weight="w", options=TableOptions(dates="day-first"), split=split)
    assert rows.target is not None
    assert rows.target.scale is not None
    fitted = MLPRegressor(hidden_layer_sizes=(), solver="lbfgs", alpha=0.0, max_iter=300).fit(
        rows, eval_set=(rows.of_part(HELD_OUT),)
    )
    assert fitted.history_.validation_score[-1] > 0.99
    parts = split.parts(0, M)
    assert [len(rows.of_part(part)) for part in (LEARNT, WATCHED, HELD_OUT)] == np.bincount(parts).tolist()
    learnt = table["z"].to_numpy()[parts != HELD_OUT]
    np.testing.assert_allclose([rows.target.scale.mean, rows.target.scale.deviation], [learnt.mean(), learnt.std()])


def test_rows_without_a_label_are_left_out_and_a_rare_label_is_learnt(tmp_path: Path) -> None:
    table = raw()
    table.loc[[5, 2000], "y"] = None
    split = Split(0, 0.5)
    first = int(np.flatnonzero(split.parts(0, M) == HELD_OUT)[3])
    table.loc[first, "y"] = "rare"
    rows = TableRows.learn(written(tmp_path, table), "y", options=TableOptions(dates="day-first"), split=split)
    said = f"2 rows have no value in the target 'y' and are left out (first: row 5 of {tmp_path / '0.parquet'})."
    assert rows.notices[0].startswith(said)
    assert rows.notices[1].startswith("No row of 'rare' is held out")
    assert sum(len(rows.of_part(part)) for part in range(3)) == M - 2
    fitted = MLPClassifier((), solver="lbfgs", max_iter=5).fit(rows, eval_set=(rows.of_part(HELD_OUT),))
    assert fitted.classes_.tolist() == ["large", "rare", "small"]


def test_columns_with_more_words_than_are_counted_are_read_from_a_sample(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = raw(20_000)
    for module in ("meanings", "tally", "rows_target"):
        monkeypatch.setattr(f"deltarule.tables.streamed.{module}.MOST", 1000)
    monkeypatch.setattr(meanings, "SAMPLE_ROWS", 4000)
    options = TableOptions(dates="day-first")
    encoder = TableRows.learn(written(tmp_path, table), "y", options=options).encoder
    in_memory = TableEncoder.fit(table, without=["y"], options=options)
    assert (encoder.kinds, encoder.dropped, encoder.forms) == (in_memory.kinds, in_memory.dropped, in_memory.forms)
    assert encoder.categories == in_memory.categories
    # The rank of a median of 4000 rows is off by less than 5 standard errors of 1/(2 √4000).
    for name, median in zip(
        [name for name, kind in encoder.kinds.items() if kind == "number"], encoder.medians, strict=False
    ):
        if name in ("size", "huge", "tiny"):
            assert abs((table[name] < median).sum() / table[name].notna().sum() - 0.5) < 5 / (2 * np.sqrt(4000))


def test_many_rare_words_leave_the_common_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deltarule.tables.streamed.tally.MOST", 500)
    rng = np.random.default_rng(0)
    words = np.where(rng.random(8000) < 0.7, rng.choice(["a", "b"], 8000), [f"rare {n % 2000}" for n in range(8000)])
    table = pd.DataFrame({"word": words, "y": rng.choice(["u", "v"], 8000)})
    encoder = TableRows.learn(written(tmp_path, table), "y").encoder
    known = encoder.categories["word"]
    assert {"a", "b"} <= set(known)
    assert len(known) <= 200
    (notice,) = [one for one in encoder.notices if "'word'" in one]
    different = pd.Series(words).nunique()
    said = int("".join(filter(str.isdigit, notice.split("'word'")[1])))
    assert abs(said - different) < 0.15 * different


def stray(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(price=table["price"].mask(np.arange(M) == 2500, "cheap"))


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (stray, TableError, r"Column 'price' holds numbers.* something else in 1: 'cheap' in row 500"),
        (lambda table: table.drop(columns="y"), TableError, "no column 'y', which is the target"),
        (lambda table: table.assign(y=None), TableError, "The target 'y' is empty in all 3000 rows"),
        (lambda table: table.assign(y="one"), TableError, "The target 'y' is 'one' in every row"),
        (lambda table: table.assign(w=-1.0), TableError, r"The column of weights 'w' holds '-1.0' in row 0"),
        (lambda table: table.assign(w=0), TableError, r"'w' is 0 in all 3000 rows to learn from"),
        (lambda table: table.iloc[:0], TableError, "holds no row"),
        (lambda table: table[["y", "w", "same"]], TableError, "No column is left to learn from"),
        (lambda table: table.assign(size=np.inf), TableError, "Column 'size' holds 'inf' in row 0"),
        (lambda table: table.assign(size=[[1]] * M), TableError, "'size' of .* holds list"),
    ],
)
def test_raw_tables_that_do_not_fit_are_refused(change: Any, error: Any, message: str, tmp_path: Path) -> None:
    files = written(tmp_path, change(raw()))
    with pytest.raises(error, match=message):
        TableRows.learn(files, "y", weight="w", options=TableOptions(dates="day-first"))


def test_types_that_differ_between_files_are_told_with_both_files(tmp_path: Path) -> None:
    table = raw(100)
    written(tmp_path, table, 1)
    table.assign(count="many").to_parquet(tmp_path / "1.parquet", index=False)
    message = r"'count' holds int64 in .*0\.parquet, but (large_)?string in .*1\.parquet"
    with pytest.raises(TableError, match=message):
        TableRows.learn(str(tmp_path), "y")
    table.drop(columns="count").to_parquet(tmp_path / "1.parquet", index=False)
    with pytest.raises(TableError, match=r"1\.parquet has no column 'count', which .*0\.parquet has"):
        TableRows.learn(str(tmp_path), "y")


def test_an_estimator_that_does_not_fit_the_target_is_told_which_does(tmp_path: Path) -> None:
    files = written(tmp_path, raw(200).drop(columns="written"))
    with pytest.raises(InputError, match="Take MLPRegressor"):
        MLPClassifier().fit(TableRows.learn(files, "z"))
    with pytest.raises(InputError, match="Take MLPClassifier"):
        MLPRegressor().fit(TableRows.learn(files, "y"))
    with pytest.raises(InputError, match="hold y and the weights"):
        MLPClassifier().fit(TableRows.learn(files, "y"), "y")


def test_converted_rows_are_kept_and_made_anew_where_the_meaning_of_columns_changes(
    tmp_path: Path, cache: Path
) -> None:
    files = written(tmp_path, raw(300).drop(columns="written"))
    fit = MLPClassifier((), solver="lbfgs", max_iter=2).fit
    fit(TableRows.learn(files, "y"))
    (kept,) = cache.glob("*.rows")
    time = kept.stat().st_mtime_ns
    fit(TableRows.learn(files, "y"))
    assert kept.stat().st_mtime_ns == time
    fit(TableRows.learn(files, "y", options=TableOptions(drop=("size",))))
    assert kept.stat().st_mtime_ns != time
    assert len(list(cache.glob("*.rows"))) == 1


def test_a_frame_with_an_index_has_the_columns_that_read_table_gives_it(tmp_path: Path) -> None:
    table = raw(100).drop(columns="written")
    table.index = pd.Index(np.linspace(0, 1, 100), name="depth")
    table.to_parquet(tmp_path / "a.parquet")
    rows = TableRows.learn(tmp_path / "a.parquet", "y")
    in_memory = TableEncoder.fit(read_table(tmp_path / "a.parquet"), without=["y"])
    same_encoder(in_memory, rows.encoder)
    assert "depth" in rows.encoder.kinds


def test_blocks_are_no_raw_table() -> None:
    with pytest.raises(InputError, match="X is a Blocks, which is not read part by part"):
        TableRows.learn(Blocks.from_arrays(np.ones((2, 1)), [0, 1]), "y")
    with pytest.raises(InputError, match="TableClassifier and TableRegressor take a frame in memory"):
        TableRows.learn(raw(20), "y")
