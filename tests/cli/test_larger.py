"""Tables that would not fit into the memory: `train` and `predict` read them part by part, and say so."""

import errno
import gzip
import io
import re
from collections.abc import Callable
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import Result

from deltarule.tables import byte_sources
from deltarule.tables.streamed.split import HELD_OUT, Split
from loading import load

Run = Callable[..., Result]
pytestmark = pytest.mark.usefixtures("cache", "small_buffers", "parts_are_small")
M = 4000
OPTIONS = ["--layers", "8", "--epochs", "20", "--learning-rate-init", "0.01", "--memory", "100KB"]


@pytest.fixture(scope="module")
def table(coloured: Callable[[int], pd.DataFrame]) -> pd.DataFrame:
    return coloured(M)


@pytest.fixture(scope="module")
def data(table: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("larger") / "big.parquet"
    table.to_parquet(path, index=False)
    return path


def test_a_table_larger_than_memory_trains_a_single_network_and_says_so(
    run: Run, table: pd.DataFrame, data: Path, tmp_path: Path
) -> None:
    pictures = tmp_path / "pictures"
    result = run(
        "train", data, "--target", "label", "--drop", "price", *OPTIONS, "-o", tmp_path / "m", "--pictures", pictures
    )
    assert result.exit_code == 0, result.output
    assert "is read part by part. A single network is trained" in result.stderr
    assert "more than --memory 100KB" in result.stderr
    assert "Confusion: rows true, columns predicted" in result.stdout
    assert (pictures / "learning_curve.png").exists()
    model = load(tmp_path / "m")
    held = Split(0, 0.2).parts(0, M) == HELD_OUT
    predicted = model.predict(table[held])[0]["predicted_label"]
    assert model.held_out.rows == held.sum()
    assert model.held_out.accuracy == pytest.approx((predicted.to_numpy() == table["label"][held].to_numpy()).mean())
    assert model.held_out.accuracy > 0.8


def test_a_text_file_larger_than_memory_trains_the_network_of_its_parquet(
    run: Run, table: pd.DataFrame, data: Path, tmp_path: Path
) -> None:
    table.to_csv(tmp_path / "big.csv", index=False)
    table.to_csv(tmp_path / "big.tsv.gz", index=False, sep="\t")
    models = []
    for n, given in enumerate([data, tmp_path / "big.csv", tmp_path / "big.tsv.gz"]):
        result = run("train", given, "--target", "label", "--drop", "price", *OPTIONS, "-o", tmp_path / f"{n}")
        assert result.exit_code == 0, result.output
        assert "is read part by part. A single network is trained" in result.stderr
        models.append(load(tmp_path / f"{n}"))
    for model in models[1:]:
        np.testing.assert_array_equal(model.estimator.theta_, models[0].estimator.theta_)
        assert model.held_out == models[0].held_out
    result = run("predict", tmp_path / "1", tmp_path / "big.csv", "--memory", "100KB")
    assert "is read part by part" in result.stderr
    assert result.stdout == models[0].predict(table)[0].to_csv(index=False, lineterminator="\n")
    assert "part by part" not in run("predict", tmp_path / "1", tmp_path / "big.csv").stderr


@pytest.mark.usefixtures("reports_without_pictures")
@pytest.mark.parametrize("options", [["--target", "label", "--drop", "price"], ["--target", "price", "--holdout", "0"]])
def test_a_report_is_made_of_the_held_out_rows_or_of_a_sample_of_them(
    options: list[str], run: Run, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = ["train", data, *options, *OPTIONS, "-o", tmp_path / "m", "--report", tmp_path / "report.html"]
    assert run(*given).exit_code == 0
    page = (tmp_path / "report.html").read_text()
    rows = int((Split(0, 0.2).parts(0, M) == HELD_OUT).sum()) if "label" in options else M
    assert f"judged on</th><td>{'the training set' if rows == M else 'the held-out rows'}<" in page
    assert f"{rows} rows" in page
    monkeypatch.setattr("deltarule.cli.rows.REPORT_ROWS", 100)
    assert run(*given).exit_code == 0
    (taken,) = re.findall(rf"a sample of (\d+) of the {rows} rows", (tmp_path / "report.html").read_text())
    assert 60 < int(taken) < 140


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".tsv", ""])
def test_predictions_part_by_part_are_those_of_the_whole_table(
    suffix: str, run: Run, table: pd.DataFrame, data: Path, tmp_path: Path
) -> None:
    assert run("train", data, "--target", "label", "--network", *OPTIONS, "-o", tmp_path / "m").exit_code == 0
    new = table.assign(colour=table["colour"].replace("blue", "green"))
    new.to_parquet(tmp_path / "new.parquet", index=False)
    expected, notices = load(tmp_path / "m").predict(new)
    output = tmp_path / f"predictions{suffix}"
    to = ["-o", output] if suffix else []
    result = run("predict", tmp_path / "m", tmp_path / "new.parquet", "--memory", "100KB", *to)
    assert result.exit_code == 0, result.output
    assert "is read part by part" in result.stderr
    assert "what the model does not know in" in notices[0]
    assert notices[0] in " ".join(result.stderr.split())
    if suffix == ".parquet":
        pd.testing.assert_frame_equal(pd.read_parquet(output), expected)
    else:
        separator = "\t" if suffix == ".tsv" else ","
        text = output.read_text() if suffix else result.stdout
        assert text == expected.to_csv(index=False, sep=separator, lineterminator="\n")


def test_a_quantity_is_measured_in_its_units(run: Run, table: pd.DataFrame, data: Path, tmp_path: Path) -> None:
    options = [*OPTIONS, "--drop", "label", "--early-stopping"]
    result = run("train", data, "--target", "price", *options, "-o", tmp_path / "m")
    assert result.exit_code == 0, result.output
    model = load(tmp_path / "m")
    rows = table[Split(0, 0.2, 0.1).parts(0, M) == HELD_OUT]
    rest = model.predict(rows)[0]["predicted_price"].to_numpy() - rows["price"].to_numpy()
    assert model.held_out.rmse == pytest.approx(np.sqrt(np.mean(rest**2)), rel=1e-9)
    assert model.held_out.mae == pytest.approx(np.abs(rest).mean(), rel=1e-9)
    assert model.held_out.r2 == pytest.approx(1 - np.sum(rest**2) / np.sum((rows["price"] - rows["price"].mean()) ** 2))
    assert "Held-out figures of price" in result.stdout


def test_folders_and_patterns_are_read_part_by_part_whatever_the_memory(
    run: Run, table: pd.DataFrame, tmp_path: Path
) -> None:
    for n in range(2):
        table.iloc[n::2].to_parquet(tmp_path / f"{n}.parquet", index=False)
    for given in (tmp_path, tmp_path / "*.parquet"):
        result = run("train", given, "--target", "label", "--layers", "none", "--epochs", 3, "-o", tmp_path / "m")
        assert result.exit_code == 0, result.output
        assert "stands for 2 files, which are read part by part" in result.stderr
    (tmp_path / "1.parquet").unlink()
    result = run("train", tmp_path, "--target", "label", "--layers", "none", "--epochs", 3, "-o", tmp_path / "m")
    assert "stands for 1 file, which is read part by part" in result.stderr


@pytest.mark.usefixtures("reports_without_pictures")
def test_several_text_files_train_and_predict_as_one(run: Run, table: pd.DataFrame, tmp_path: Path) -> None:
    table.to_csv(tmp_path / "all.csv", index=False)
    table.iloc[: M // 2].to_csv(tmp_path / "1.csv", index=False)
    table.iloc[M // 2 :].to_csv(tmp_path / "2.tsv.gz", index=False, sep="\t")
    parts, models = [tmp_path / "1.csv", tmp_path / "2.tsv.gz"], []
    for n, given in enumerate([[tmp_path / "all.csv"], parts, [tmp_path / "[12].*"]]):
        report = ["--report", tmp_path / "report.html"] if n == 1 else []
        result = run(
            "train", *given, "--target", "label", "--drop", "price", *OPTIONS, *report, "-o", tmp_path / f"m{n}"
        )
        assert result.exit_code == 0, result.output
        assert "read part by part. A single network is trained" in result.stderr
        assert n != 1 or f"{parts[0]} to {parts[1]}, are read" in result.stderr.replace("\n", " ")
        models.append(load(tmp_path / f"m{n}"))
    for model in models[1:]:
        np.testing.assert_array_equal(model.estimator.theta_, models[0].estimator.theta_)
        assert model.held_out.accuracy == models[0].held_out.accuracy
        assert model.held_out.cost == pytest.approx(models[0].held_out.cost, rel=1e-12)
    page = (tmp_path / "report.html").read_text()
    assert f"2 files, {parts[0]} to {parts[1]}" in page
    assert f"train {parts[0]} {parts[1]} --target label" in page
    result = run("predict", tmp_path / "m1", *parts)
    assert "2 files, " in result.stderr
    assert result.stdout == run("predict", tmp_path / "m0", tmp_path / "all.csv").stdout


def test_no_output_takes_the_place_of_one_of_several_files(run: Run, table: pd.DataFrame, tmp_path: Path) -> None:
    for n in range(2):
        table.iloc[n::2].to_csv(tmp_path / f"{n}.csv", index=False)
    before = (tmp_path / "1.csv").read_bytes()
    for given in ([tmp_path / "0.csv", tmp_path / "1.csv"], [tmp_path], [tmp_path / "*.csv"]):
        result = run("train", *given, "--target", "label", *OPTIONS, "-o", tmp_path / "1.csv")
        assert "--output and DATA name the same file" in " ".join(result.output.split())
        assert (tmp_path / "1.csv").read_bytes() == before


@pytest.mark.parametrize("kind", ["plain", "compressed"])
def test_standard_input_larger_than_memory_trains_the_model_of_the_file(
    kind: str,
    run: Run,
    table: pd.DataFrame,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    cache: Path,
) -> None:
    monkeypatch.setattr("deltarule.tables.byte_sources.IN_MEMORY", 1 << 14)
    made: list[Any] = []

    def kept(**given: Any) -> Any:
        made.append(SpooledTemporaryFile(**given))  # noqa: SIM115
        return made[-1]

    monkeypatch.setattr(byte_sources, "SpooledTemporaryFile", kept)
    table.to_csv(tmp_path / "all.csv", index=False)
    data = (tmp_path / "all.csv").read_bytes()
    data = gzip.compress(data) if kind == "compressed" else data
    options = ["--target", "label", "--drop", "price", *OPTIONS]
    assert run("train", tmp_path / "all.csv", *options, "-o", tmp_path / "file").exit_code == 0
    before = len(list(cache.iterdir()))
    result = run("train", "-", *options, "-o", tmp_path / "piped", piped=data)
    assert result.exit_code == 0, result.output
    assert "Standard input would take about" in result.stderr
    one, other = load(tmp_path / "file"), load(tmp_path / "piped")
    np.testing.assert_array_equal(one.estimator.theta_, other.estimator.theta_)
    assert len(list(cache.iterdir())) == before
    predicted = run("predict", tmp_path / "piped", "-", "--memory", "100KB", piped=data).stdout
    assert predicted == run("predict", tmp_path / "file", tmp_path / "all.csv").stdout
    bad = run("train", "-", *options, "-o", tmp_path / "none", piped=gzip.compress(data)[:-9])
    assert "standard input cannot be decompressed" in bad.stderr
    assert len(made) == 3
    assert all(file.closed for file in made)


def test_standard_input_is_given_alone_and_a_full_disk_is_told(
    run: Run, table: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = run("train", "-", tmp_path / "b.csv", "--target", "label", piped=b"")
    assert "- is standard input, a whole table. Give it alone." in " ".join(result.output.replace("│", " ").split())

    class Full(io.BytesIO):
        def write(self, data: Any) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(byte_sources, "SpooledTemporaryFile", lambda **given: Full())
    result = run("train", "-", "--target", "label", *OPTIONS, piped=table.to_csv(index=False).encode())
    assert result.exit_code == 1
    assert "cannot be read, or kept in" in result.stderr
    assert "TMPDIR" in result.stderr


def test_a_table_that_fits_is_read_whole(run: Run, data: Path, tmp_path: Path) -> None:
    result = run(
        "train", data, "--target", "label", "--network", "--epochs", 2, "--memory", "1GB", "-o", tmp_path / "m"
    )
    assert result.exit_code == 0
    assert "part by part" not in result.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--members", "3"], "--members is for several networks, which take all rows in memory"),
        (["--memory", "some"], "'some' is no size"),
    ],
)
def test_what_takes_all_rows_in_memory_is_refused(
    options: list[str], message: str, run: Run, data: Path, tmp_path: Path
) -> None:
    result = run("train", data, "--target", "label", *OPTIONS, *options, "-o", tmp_path / "m")
    assert result.exit_code != 0
    assert message in " ".join(result.output.replace("│", " ").split())
    assert not (tmp_path / "m").exists()


def test_a_run_that_was_stopped_is_resumed_to_the_bit(run: Run, data: Path, tmp_path: Path) -> None:
    common = ["train", data, "--target", "label", "--drop", "price", "--layers", "8", "--memory", "100KB"]
    kept = ["--checkpoint", tmp_path / "run"]
    assert run(*common, "--epochs", 3, *kept, "-o", tmp_path / "a").exit_code == 0
    assert run(*common, "--epochs", 6, *kept, "--resume", "-o", tmp_path / "b").exit_code == 0
    assert run(*common, "--epochs", 6, "-o", tmp_path / "c").exit_code == 0
    thetas = [load(tmp_path / name).estimator.theta_ for name in "bc"]
    np.testing.assert_array_equal(*thetas)


def test_a_gap_in_the_whole_table_is_an_error_of_one_line(run: Run, table: pd.DataFrame, tmp_path: Path) -> None:
    table.assign(label=None).to_parquet(tmp_path / "bad.parquet", index=False)
    result = run("train", tmp_path / "bad.parquet", "--target", "label", *OPTIONS, "-o", tmp_path / "m")
    assert result.exit_code == 1
    assert "The target 'label' is empty in all 4000 rows" in result.stderr
