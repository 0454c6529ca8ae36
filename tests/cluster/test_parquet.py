"""Files of Parquet that workers read: row groups together as far as they are small, whatever the files differ in."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

pytest.importorskip("distributed")

from deltarule import MLPClassifier
from deltarule.blocks.sources import Asked
from deltarule.cluster import DaskMLPClassifier
from deltarule.cluster.sources import ParquetParts
from deltarule.common.errors import InputError

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.usefixtures("client"),
]
RNG = np.random.default_rng(0)
FRAME = pd.DataFrame(RNG.normal(size=(100, 2)), columns=["a", "b"]).assign(y=RNG.choice(["no", "yes"], 100))
LBFGS: dict[str, Any] = {"hidden_layer_sizes": (3,), "solver": "lbfgs", "max_iter": 5, "random_state": 0}


def written(path: Path, frame: pd.DataFrame = FRAME, group: int = 7) -> Path:
    frame.to_parquet(path, row_group_size=group, index=False)
    return path


@pytest.mark.parametrize("most", [1, 8 * 2 * 20, 1 << 20])
def test_files_may_differ_in_order_and_types_of_columns(
    most: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deltarule.cluster.sources.PART_BYTES", most)
    narrow = FRAME.assign(b=FRAME["b"].astype("float32"))
    written(tmp_path / "0.parquet", FRAME[:50])
    written(tmp_path / "1.parquet", FRAME[:0])
    written(tmp_path / "2.parquet", narrow[["y", "b", "a"]][50:])
    table = pd.concat([FRAME[:50], narrow[50:]])
    alone = MLPClassifier(**LBFGS).fit(table[["a", "b"]].to_numpy(np.float64), table["y"])
    np.testing.assert_array_equal(DaskMLPClassifier(**LBFGS).fit(tmp_path, "y").theta_, alone.theta_)


def test_row_groups_are_read_together_as_far_as_they_are_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deltarule.cluster.sources.PART_BYTES", 8 * 2 * 20)
    parts = ParquetParts.of(written(tmp_path / "a.parquet"), Asked("y", is_coded=True))
    assert [len(call.function().X) for call in parts.calls()] == [14] * 6 + [16]
    (whole,) = ParquetParts.of(written(tmp_path / "b.parquet", group=100), Asked("y", is_coded=True)).calls()
    assert len(whole.function().X) == 100


def test_codes_of_dictionaries_may_differ_between_row_groups(tmp_path: Path) -> None:
    ordered = FRAME.sort_values("y", ascending=False)
    with pq.ParquetWriter(
        tmp_path / "a.parquet",
        pa.schema([("a", pa.float64()), ("b", pa.float64()), ("y", pa.dictionary(pa.int32(), pa.string()))]),
    ) as writer:
        for n in range(0, 100, 25):
            part = ordered[n : n + 25]
            labels = pa.array(part["y"].tolist()).dictionary_encode()
            writer.write_table(pa.table({"a": part["a"].to_numpy(), "b": part["b"].to_numpy(), "y": labels}))
    alone = MLPClassifier(**LBFGS).fit(ordered[["a", "b"]].to_numpy(), ordered["y"])
    np.testing.assert_array_equal(DaskMLPClassifier(**LBFGS).fit(tmp_path, "y").theta_, alone.theta_)


def test_a_gap_is_told_with_its_row_in_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deltarule.cluster.sources.PART_BYTES", 8 * 2 * 20)
    written(tmp_path / "0.parquet")
    written(tmp_path / "1.parquet", FRAME.assign(a=FRAME["a"].where(FRAME.index != 60)))
    with pytest.raises(InputError, match=r"'a' has a gap in row 60 of .*1\.parquet"):
        DaskMLPClassifier(**LBFGS).fit(tmp_path, "y")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("seven", r"07\.parquet has no column 'b', which .*01\.parquet has\. It has 2: 'a', 'y'"),
        ("empty", "The folder .* holds no"),
        ("*.none", "matches no file"),
        ("csv", r"a\.csv is no Parquet"),
    ],
)
def test_files_that_do_not_fit_are_told_before_a_worker_reads(given: str, message: str, tmp_path: Path) -> None:
    for n in range(1, 13):
        written(tmp_path / f"{n:02}.parquet", FRAME.drop(columns="b") if n == 7 else FRAME)
    (tmp_path / "empty").mkdir()
    path = {"seven": tmp_path, "empty": tmp_path / "empty", "*.none": tmp_path / "*.none", "csv": tmp_path / "a.csv"}
    with pytest.raises(InputError, match=message):
        DaskMLPClassifier(**LBFGS).fit(str(path[given]), "y")
