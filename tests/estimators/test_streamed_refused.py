"""Sources that do not fit are refused in clear words, with file and row."""

import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from deltarule import Blocks, MLPClassifier, MLPRegressor, TableRows
from deltarule.common.errors import InputError, OutputError, ShapeError
from streamed_rows import FEATURES, TABLE, M, made

pytestmark = pytest.mark.usefixtures("cache", "small_buffers", "runs_may_end_early")


@pytest.mark.parametrize(
    ("fit", "error", "message"),
    [
        (lambda files: made().fit(files, TABLE["label"]), InputError, "y is the name of a column"),
        (lambda files: made().fit(files), InputError, "y is a NoneType"),
        (lambda files: made().fit(files, "label", TABLE["w"]), InputError, "sample_weight is the name of a column"),
        (lambda files: made().fit(files, "target"), InputError, "has no column 'target'"),
        (lambda files: made().fit(files, "quantity"), InputError, "'label' of .* the network takes numbers"),
        (lambda files: made().fit(files, ["label", "quantity"]), InputError, "'label' of .* the network takes numbers"),
        (
            lambda files: made().fit(pl.scan_parquet(files).drop("label"), ["quantity", "w"]),
            InputError,
            "more than 0 and 1",
        ),
        (lambda files: made(MLPRegressor, loss="poisson").fit(files, "quantity"), InputError, "'label'"),
        (lambda files: made().partial_fit(files, "label", classes=["a", "b"]), InputError, "read block by block"),
        (lambda files: made().fit(Blocks.from_arrays(TABLE[FEATURES], TABLE["w"]), "w"), InputError, "Blocks hold y"),
        (
            lambda files: made().fit(pl.scan_parquet(files).drop("label", "w"), "quantity", eval_set=(files,)),
            ValueError,
            "label type|continuous",
        ),
        (
            lambda files: made().fit(
                Blocks.from_arrays(TABLE[FEATURES], TABLE["label"].to_numpy(dtype=str)),
                eval_set=(Blocks.from_arrays(TABLE[["p"]], TABLE["label"].to_numpy(dtype=str)),),
            ),
            ShapeError,
            "X of eval_set has 1 columns, but X has 4",
        ),
    ],
)
def test_arguments_that_do_not_fit_are_refused(fit: Any, error: Any, message: str, path: Callable[..., str]) -> None:
    with pytest.raises(error, match=message):
        fit(path("label", "quantity", "w"))


def test_a_validation_set_that_is_no_tuple_is_refused_with_the_forms_that_fit(path: Callable[..., str]) -> None:
    blocks = Blocks.from_arrays(TABLE[FEATURES].to_numpy(), TABLE["label"].to_numpy(dtype=str))
    files = path("label")
    for given, eval_set in (((blocks,), blocks), ((files, "label"), files), ((files, "label"), ())):
        with pytest.raises(InputError, match=r"Pass one tuple: \(source, target\) .* \(blocks,\)"):
            made().fit(*given, eval_set=eval_set)


def test_a_label_or_a_quantity_that_is_nan_is_told_with_its_file_and_row(
    path: Callable[..., str], tmp_path: Path
) -> None:
    gap = np.arange(M) == 8000
    numbers = TABLE.assign(label=np.where(gap, np.nan, 1.0), quantity=np.where(gap, np.nan, TABLE.quantity))
    with pytest.raises(InputError, match=r"'label' has a gap in row 0 of .*2\.parquet"):
        made().fit(path("label", rows=numbers), "label")
    with pytest.raises(InputError, match=r"'quantity' has a gap in row 0 of .*2\.parquet"):
        made(MLPRegressor).fit(path("quantity", rows=numbers), "quantity")
    for name, Estimator in (("label", MLPClassifier), ("quantity", MLPRegressor)):  # NaN that is no gap of Arrow
        file = tmp_path / f"{name}.parquet"
        pl.from_pandas(numbers[[*FEATURES, name]], nan_to_null=False).write_parquet(file)
        with pytest.raises(InputError, match=rf"('label' holds NaN|not finite) in row 8000 of .*{name}\.parquet"):
            made(Estimator).fit(file, name)
    blocks = Blocks.from_arrays(TABLE[FEATURES].to_numpy(), numbers["label"].to_numpy(), block_rows=4000)
    with pytest.raises(InputError, match="y holds NaN in row 0 of block 2"):
        made().fit(blocks)


def test_poisson_targets_below_0_are_refused(path: Callable[..., str]) -> None:
    with pytest.raises(InputError, match="but targets of exp outputs are 0 or more"):
        made(MLPRegressor, loss="poisson").fit(path("quantity"), "quantity")


def test_labels_that_training_did_not_have_are_refused_in_a_validation_set(path: Callable[..., str]) -> None:
    other = path("label", rows=TABLE.assign(label="d")[:50], name="other")
    with pytest.raises(InputError, match="y holds the label 'd', which is none of the 3 classes"):
        made().fit(path("label"), "label", eval_set=(other, "label"))


def test_collections_of_dask_are_refused_with_a_way_out() -> None:
    collection: Any = type("DataFrame", (), {"__module__": "dask.dataframe.core"})()
    for name, given in (("X", (collection, TABLE["label"])), ("y", (TABLE[FEATURES], collection))):
        with pytest.raises(InputError, match=f"{name} is a DataFrame of Dask, all of whose rows"):
            made().fit(*given)


def test_a_source_that_does_not_fit_a_fitted_network_is_refused(path: Callable[..., str]) -> None:
    fitted = made().fit(path("label"), "label")
    with pytest.raises(InputError, match="has no column 'q'"):
        fitted.predict(pl.scan_parquet(path("label")).drop("q"))
    with pytest.raises(ShapeError, match="X has 2 features, but MLPClassifier is expecting 4"):
        fitted.predict(Blocks.from_arrays(TABLE[["p", "q"]].to_numpy(), TABLE["label"].to_numpy(dtype=str)))
    gap = TABLE.assign(r=np.where(np.arange(M) == 8500, np.nan, TABLE.r))
    with pytest.raises(InputError, match=r"'r'.*row 500 of .*2\.parquet"):
        fitted.predict(path("label", rows=gap, name="gaps"))
    with pytest.raises(InputError, match="X is a str, which is read block by block"):
        fitted.trace(path("label"), "a")


def test_a_list_without_a_path_is_told_what_it_is() -> None:
    for learn in (lambda: made().fit([], "label"), lambda: TableRows.learn([], "label")):
        with pytest.raises(InputError, match="The list of paths is empty: a pattern may have matched nothing"):
            learn()


def test_a_column_that_a_file_lacks_is_told_with_what_it_is_for(path: Callable[..., str], tmp_path: Path) -> None:
    for n in range(1, 13):
        part = TABLE.iloc[n * 20 : n * 20 + 20]
        part = part.rename(columns={"r": "rr"}) if n == 7 else part
        part[[*part.columns[:4], "label"]].to_parquet(tmp_path / f"{n:02}.parquet", index=False)
    seventh = str(tmp_path / "07.parquet")
    with pytest.raises(
        InputError, match=r"07\.parquet has no column 'r', which .*01\.parquet has\. .* the same columns"
    ):
        made().fit(tmp_path, "label")
    fitted = made().fit(path("label"), "label")
    with pytest.raises(InputError, match=r"no column 'r', which the model was trained on\. It has 5: 'rr'.* Rename"):
        fitted.predict(seventh)


def test_what_a_function_of_blocks_cannot_read_is_not_told_of_the_cache() -> None:
    def load(n: int) -> Any:
        if n:
            raise FileNotFoundError(2, "No such file", "march.npy")
        return TABLE[FEATURES].to_numpy()[:50], TABLE["label"].to_numpy(dtype=str)[:50]

    with pytest.raises(FileNotFoundError, match=r"march\.npy"):
        made().fit(Blocks.from_function(load, [50, 50]))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit for the size of files")
def test_a_disk_that_is_full_at_the_last_byte_is_told_of_the_cache(path: Callable[..., str], cache: Path) -> None:
    import resource

    files = path("label")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))  # what is left in the buffer is written at the end
    try:
        with pytest.raises(OutputError, match=r"The cache folder .* cannot be written \(File too large\)"):
            made().fit(files, "label")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    assert not list(cache.glob("*.rows"))
