"""`deltarule predict` and `deltarule evaluate`."""

import io
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import Result

from loading import load

Run = Callable[..., Result]

COLUMNS = ["predicted_label", "probability_high", "probability_low", "probability_red one"]


def test_predictions_are_a_label_and_one_probability_of_each_class(
    run: Run, model: Path, data: Path, table: pd.DataFrame
) -> None:
    result = run("predict", model, data)
    assert result.exit_code == 0
    predictions = pd.read_csv(io.StringIO(result.stdout))
    assert list(predictions.columns) == COLUMNS
    loaded = load(model)
    assert np.array_equal(
        predictions[COLUMNS[1:]].to_numpy(), loaded.estimator.predict_proba(loaded.encoder.transform(table))
    )
    best = [COLUMNS[1 + n] for n in predictions[COLUMNS[1:]].to_numpy().argmax(axis=1)]
    assert best == [f"probability_{label}" for label in predictions["predicted_label"]]


@pytest.mark.parametrize("name", ["out.csv", "out.tsv", "out.parquet"])
def test_predictions_go_into_a_file_of_the_kind_of_its_name(
    run: Run, model: Path, data: Path, tmp_path: Path, name: str
) -> None:
    result = run("predict", model, data, "--output", tmp_path / name)
    assert result.stdout == ""
    assert f"90 predictions: {tmp_path / name}" in result.stderr
    if name.endswith("parquet"):
        written = pd.read_parquet(tmp_path / name)
    else:
        written = pd.read_csv(tmp_path / name, sep="\t" if name.endswith("tsv") else ",")
    assert list(written.columns) == COLUMNS
    assert len(written) == 90


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(rows=st.lists(st.integers(0, 89), min_size=1, max_size=30), seed=st.integers(0, 99))
def test_predict_never_loses_or_reorders_rows(
    run: Run, model: Path, table: pd.DataFrame, tmp_path: Path, rows: list[int], seed: int
) -> None:
    generator = np.random.default_rng(seed)
    new = table.iloc[rows].assign(more="text")
    new = new.drop(columns=["label", "same"])[generator.permutation([*new.columns[:3], "more"])]
    new.to_csv(tmp_path / "new.csv", index=False)
    predictions = pd.read_csv(io.StringIO(run("predict", model, tmp_path / "new.csv").stdout))
    loaded = load(model)
    alone = [loaded.estimator.predict_proba(loaded.encoder.transform(new.iloc[[n]]))[0] for n in range(len(rows))]
    np.testing.assert_allclose(predictions[COLUMNS[1:]].to_numpy(), alone, rtol=1e-12)


def test_rows_full_of_gaps_and_new_words_are_predicted_too(run: Run, model: Path, tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text("x,size,colour\n,,\n1,2,green\n,,\n")
    predictions = pd.read_csv(io.StringIO(run("predict", model, tmp_path / "new.csv").stdout))
    assert len(predictions) == 3
    assert predictions.iloc[0].equals(predictions.iloc[2])


def test_words_of_digits_are_the_same_words_in_a_file_without_letters(run: Run, model: Path, tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text("x,size,colour\n0.1,2,01\n0.1,2,red\n")
    (tmp_path / "two.csv").write_text("x,size,colour\n0.1,2,01\n")
    one, two = (
        pd.read_csv(io.StringIO(run("predict", model, tmp_path / name).stdout)) for name in ("one.csv", "two.csv")
    )
    pd.testing.assert_frame_equal(one.iloc[:1], two)


def test_missing_columns_are_named(run: Run, model: Path, tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text("x,color\n1,red\n")
    result = run("predict", model, tmp_path / "new.csv")
    assert result.exit_code == 1
    assert "The table has no column 'size', 'colour', which the model was trained on." in result.stderr


def test_a_place_that_cannot_be_written_is_found_before_the_model_is_read(run: Run, tmp_path: Path) -> None:
    result = run("predict", "absent", "absent.csv", "--output", tmp_path)
    assert result.exit_code == 1
    assert "ends in ''" in result.stderr
    result = run("predict", "absent", "absent.csv", "--output", tmp_path / "nowhere" / "out.csv")
    assert "there is no folder" in result.stderr


def test_a_file_that_is_no_model_is_one_line(run: Run, data: Path) -> None:
    result = run("predict", data, data)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: {data} is not a model file: it begins with")
    assert result.stderr.count("\n") == 1


def test_evaluate_tells_accuracy_cost_confusion_precision_and_recall(
    run: Run, model: Path, data: Path, table: pd.DataFrame
) -> None:
    result = run("evaluate", model, data)
    assert result.exit_code == 0
    loaded = load(model)
    predicted = loaded.estimator.predict(loaded.encoder.transform(table))
    right = int(np.count_nonzero(predicted == table["label"].to_numpy(dtype=str)))
    assert f"({right} of 90 rows), cost" in result.stdout
    assert "Confusion: rows true, columns predicted" in result.stdout
    for name in ("high", "low", "red one"):
        of_class, said = table["label"] == name, predicted == name
        both = np.count_nonzero(of_class & said)
        line = (name, f"{100 * both / said.sum():.1f} %", f"{100 * both / of_class.sum():.1f} %", f"{of_class.sum()}")
        assert re.search(r"\s*│\s*".join(map(re.escape, line)), result.stdout)


def test_evaluate_names_labels_that_the_model_does_not_know(
    run: Run, model: Path, table: pd.DataFrame, tmp_path: Path
) -> None:
    table.replace({"label": {"low": "deep"}}).to_csv(tmp_path / "other.csv", index=False)
    result = run("evaluate", model, tmp_path / "other.csv")
    assert result.exit_code == 1
    assert "The target 'label' holds labels that the model was not trained on: 'deep'" in result.stderr


@pytest.mark.parametrize("command", ["predict", "evaluate"])
def test_columns_that_say_nothing_to_the_model_are_noticed_on_stderr(
    run: Run, model: Path, table: pd.DataFrame, tmp_path: Path, command: str
) -> None:
    table.assign(colour=table["colour"].str.upper(), size=np.nan).to_csv(tmp_path / "new.csv", index=False)
    result = run(command, model, tmp_path / "new.csv")
    assert result.exit_code == 0
    upper = int((table["colour"] != "01").sum())
    assert "Note" not in result.stdout
    assert "Note: Empty in every row, but not in training: 'size'.\n" in result.stderr
    assert f"Note: 'colour' holds what the model does not know in {upper} of 90 rows ('" in result.stderr
    assert "It knows '01', 'blue', 'red'.\n" in result.stderr
