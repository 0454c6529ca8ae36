"""`deltarule train` without `--network`, and what the other commands do with the model that it saves."""

import io
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import Result

from deltarule import CommitteeModel, TableClassifier, load
from deltarule.tables import read_table
from pageback import named, read_page, section, table_of

Run = Callable[..., Result]

QUICK = ["--layers", "8", "--epochs", "8", "--members", "3"]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("committee")


@pytest.fixture(scope="module")
def trained(run: Run, data: Path, place: Path) -> Result:
    files = ["--output", place / "model", "--report", place / "report.html", "--pictures", place / "pictures"]
    return run("train", data, "--target", "label", *QUICK, *files)


@pytest.fixture(scope="module")
def model(trained: Result, place: Path) -> Path:
    assert trained.exit_code == 0, trained.output
    return place / "model"


@pytest.fixture(scope="module")
def amount(run: Run, table: pd.DataFrame, place: Path) -> Path:
    amounts = table.assign(label=(100 * table["x"] + 20 * (table["colour"] == "red")).round(1), who=np.arange(90) // 6)
    amounts.to_csv(place / "amount.csv", index=False)
    options = [
        "--target",
        "label",
        *QUICK,
        "--groups",
        "who",
        "--output",
        place / "amount",
        "--report",
        place / "a.html",
    ]
    result = run("train", place / "amount.csv", *options)
    assert result.exit_code == 0, result.output
    assert "Task: regression: 'label' holds numbers with fractions." in result.stdout
    assert re.search(
        r"Held-out figures of label \(\d+ rows, predicted by members that did not learn from them\)", result.stdout
    )
    assert "root mean squared error" in result.stdout
    return place / "amount"


def told(stdout: str, name: str) -> list[float]:
    """The numbers in the line of a table that begins with a name."""
    (line,) = [line for line in stdout.splitlines() if re.match(rf"│ {re.escape(name)} ", line)]
    return [float(number) for number in re.findall(r"-?\d+\.?\d*(?:e-?\d+)?", line.replace(name, ""))]


def test_training_tells_members_importance_and_held_out_figures_with_intervals(trained: Result, model: Path) -> None:
    said = trained.stdout
    assert re.search(r"3 networks that predict together: 6-\S+-3 \(selu, softmax\), \d+ parameters each; 90 rows", said)
    assert re.search(r"Trained in \d+\.\d s: 8 epochs at most\.", said)
    assert "Members, each kept at its best epoch on rows that it did not learn from" in said
    assert "Importance: how much the cross-entropy rises when a column is shuffled" in said
    assert re.search(r"Held-out figures of label \(5\d rows, predicted by members that did not learn from them\)", said)
    for name in ("error", "log-loss", "ROC AUC", "balanced error"):
        value, low, high = told(said, name)
        assert low <= value <= high
    assert f"Model: {model}" in said
    assert "Note: One value only, so dropped: 'same'." in trained.stderr
    assert re.search(r"epoch \d+/24 .* s left", trained.stderr)


def test_held_out_figures_are_those_of_members_that_did_not_learn_from_a_row(
    trained: Result, model: Path, data: Path
) -> None:
    loaded = load(model)
    assert isinstance(loaded, CommitteeModel)
    frame = read_table(data).drop(columns="label").astype({"colour": str})
    again = TableClassifier(3, epochs=8, hidden_layer_sizes=(8,), random_state=0)
    y = read_table(data)["label"].to_numpy(dtype=str)
    probabilities = again.fit(frame, y).held_out_predictions_
    known = np.isfinite(probabilities[:, 0])
    of_truth = probabilities[np.arange(90), np.searchsorted(again.classes_, y)][known]
    assert loaded.held_out is not None
    assert loaded.held_out.rows == known.sum()
    assert loaded.held_out.cost == pytest.approx(-np.log(of_truth).mean(), rel=1e-6)
    assert told(trained.stdout, "log-loss")[0] == pytest.approx(loaded.held_out.cost, rel=1e-3)
    assert loaded.settings["holdout"] == 0


def test_with_a_hold_out_all_members_are_measured_on_rows_that_none_saw(run: Run, data: Path, tmp_path: Path) -> None:
    options = ["--target", "label", *QUICK, "--holdout", "0.2", "--output", tmp_path / "model"]
    result = run("train", data, *options)
    assert "72 rows to learn from" in result.stdout
    words = "Held-out figures of label (18 rows, predicted by all members together, none of which saw them)"
    assert words in " ".join(result.stdout.split())
    loaded, table = load(tmp_path / "model"), read_table(data)
    assert isinstance(loaded, CommitteeModel)
    outcome = loaded.outcome_of(loaded.examples_of(table))
    from deltarule.tables import hold_out

    _, rows, _ = hold_out(table["label"].to_numpy(dtype=str), 0.2, 0)
    assert loaded.held_out is not None
    assert loaded.held_out.cost == pytest.approx(outcome.costs[rows].mean(), rel=1e-6)


def test_groups_and_the_order_in_time_hold_for_the_hold_out_too(
    run: Run, place: Path, amount: Path, tmp_path: Path
) -> None:
    options = ["--target", "label", *QUICK, "--holdout", "0.25", "--output", tmp_path / "model"]
    result = run("train", place / "amount.csv", *options, "--groups", "who")
    assert result.exit_code == 0, result.output
    rows = int(re.search(r"figures of label \((\d+) rows", result.stdout)[1])  # type: ignore[index]
    assert rows % 6 == 0  # whole groups
    result = run("train", place / "amount.csv", *options, "--validation", "time", "--drop", "who")
    assert re.search(r"Held-out figures of label \(22 rows", result.stdout)
    assert "who" not in load(amount).estimator.columns_.used


def test_a_model_predicts_files_whose_columns_stand_in_another_order(
    run: Run, model: Path, data: Path, tmp_path: Path
) -> None:
    table = pd.read_csv(data, dtype=str, keep_default_na=False)
    table[table.columns[::-1]].drop(columns=["label", "same"]).to_csv(tmp_path / "new.csv", index=False)
    one = run("predict", model, data)
    other = run("predict", model, tmp_path / "new.csv")
    assert one.exit_code == 0, one.output
    assert one.stdout == other.stdout
    assert one.stdout.splitlines()[0] == "predicted_label,probability_high,probability_low,probability_red one"
    assert len(one.stdout.splitlines()) == 91


def test_evaluation_measures_all_members_together(run: Run, model: Path, amount: Path, place: Path, data: Path) -> None:
    result = run("evaluate", model, data)
    assert "Figures of label (90 rows)" in result.stdout
    assert "Confusion" in result.stdout
    loaded = load(model)
    assert isinstance(loaded, CommitteeModel)
    outcome = loaded.outcome_of(loaded.examples_of(read_table(data, as_text=loaded.as_text)))
    assert told(result.stdout, "error")[0] == pytest.approx((outcome.predicted != outcome.y).mean(), rel=1e-3)
    assert "R²" in run("evaluate", amount, place / "amount.csv").stdout


def test_a_member_is_explained_with_its_first_floor(
    run: Run, model: Path, amount: Path, place: Path, data: Path
) -> None:
    said = run("explain", model, data, "--row", 2, "--member", 3).stdout
    assert re.match(
        r"Row 2 \(line 4\): label .* % of member 3 of 3, before calibration\); outputs: high, low, red one", said
    )
    for number in (1, 2, 3, 4, 5, 6, 7, 10, 11):
        assert re.search(rf"\({number}\)$", said, flags=re.MULTILINE), number
    assert re.search(r"^  of which 1 is x, ", said, flags=re.MULTILINE)
    assert re.search(r"^  ∂ℓ/∂s_\d+ = .*·.* = ", said, flags=re.MULTILINE)
    assert len(said.splitlines()) <= 80
    loaded = load(model)
    assert isinstance(loaded, CommitteeModel)
    assert "of member 1 of 3; h and y are" not in said
    said = run("explain", amount, place / "amount.csv").stdout
    assert re.match(
        r"Row 0 \(line 2\): label \S+, predicted \S+ \(\S+ of member 1 of 3\); h and y are \(label − ", said
    )


def test_the_gradient_of_a_member_is_checked_in_every_part(run: Run, model: Path, data: Path) -> None:
    result = run("check-gradient", model, data, "--member", 2, "--rows", 5)
    assert result.exit_code == 0, result.output
    assert "of member 2 of 3, λ = 0, 5 rows" in result.stdout
    assert "Gradient check: passed" in result.stdout
    assert "none compared" not in result.stdout


@pytest.mark.parametrize("command", ["explain", "check-gradient"])
def test_a_member_that_is_not_there_is_one_line(run: Run, model: Path, data: Path, command: str, folder: Path) -> None:
    result = run(command, model, data, "--member", 4)
    assert (result.exit_code, result.stderr) == (
        1,
        "Error: There is no member 4: the model has 3. Give --member 1 to 3.\n",
    )


def test_the_report_shows_members_importance_and_figures(
    trained: Result, place: Path, model: Path, amount: Path
) -> None:
    page = read_page((place / "report.html").read_text(encoding="utf-8"))
    figures = {row[0]: row[1:] for row in table_of(page, "measures") if len(row) == 3}
    assert list(figures) == ["error", "log-loss", "ROC AUC", "balanced error"]
    assert float(figures["log-loss"][0]) == pytest.approx(told(trained.stdout, "log-loss")[0], rel=1e-3)
    assert len(table_of(page, "members")) == 3
    loaded = load(model)
    assert isinstance(loaded, CommitteeModel)
    importance = {row[0]: float(row[1]) for row in table_of(page, "importance")}
    by_name = dict(zip(loaded.estimator.feature_names_in_, loaded.estimator.feature_importances_, strict=True))
    assert importance == {name: pytest.approx(by_name[name]) for name in ("x", "size", "colour")}
    data = named(section(page, "Data"))
    assert data["judged on"] == "held-out rows, predicted by members that did not learn from them"
    assert data["trained on"] == "90 rows"
    assert "The first of 3 members says" in (place / "report.html").read_text(encoding="utf-8")
    other = read_page((place / "a.html").read_text(encoding="utf-8"))
    assert "(label − " in named(section(other, "Data"))["the networks learn"]
    for name in ("members.png", "importance.png"):
        assert (place / "pictures" / name).read_bytes().startswith(b"\x89PNG")


def test_ctrl_c_keeps_each_member_at_its_best_epoch_so_far(
    run: Run, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = 0

    def interrupt(*_: Any) -> str:
        nonlocal calls
        calls += 1
        if calls == 4:
            signal.raise_signal(signal.SIGINT)
        return ""

    monkeypatch.setattr("deltarule.tabular.telling.measured", interrupt)
    result = run("train", data, "--target", "label", *QUICK, "--output", tmp_path / "model")
    assert result.exit_code == 130
    assert "interrupted by Ctrl-C" in result.stdout
    assert re.search(r"Note: Interrupted after epoch \d: each member is kept at its best epoch so far\.", result.stderr)
    assert load(tmp_path / "model").estimator.stopped_ == "interrupted"


def test_a_time_budget_says_what_it_left_out(run: Run, data: Path, tmp_path: Path) -> None:
    options = ["--target", "label", "--layers", "64,64", "--time-budget", "0.05", "--output", tmp_path / "model"]
    result = run("train", data, *options)
    assert result.exit_code == 0, result.output
    assert re.search(r"Note: --time-budget (has room for|was over)", " ".join(result.stderr.split()))


def test_an_objective_that_does_not_fit_the_target_is_refused(
    run: Run, place: Path, amount: Path, tmp_path: Path
) -> None:
    options = ["--target", "label", *QUICK, "--objective", "auc", "--output", tmp_path / "model"]
    result = run("train", place / "amount.csv", *options)
    assert result.exit_code == 1
    assert re.fullmatch(
        r"(Note: .*\n)*Error: --objective 'auc' acts on classes, but the target is a quantity\. Leave it out, or take "
        r"--task 'classify'\.\n",
        result.stderr,
    )


def test_counts_are_learnt_by_their_own_loss_and_labels_refuse_it(run: Run, place: Path, data: Path) -> None:
    generator = np.random.default_rng(0)
    x = generator.normal(size=90)
    pd.DataFrame({"x": x, "n": generator.poisson(np.exp(x))}).to_csv(place / "counts.csv", index=False)
    options = ["--target", "n", "--task", "regress", *QUICK, "--loss", "poisson", "--output", place / "counts"]
    result = run("train", place / "counts.csv", *options)
    assert result.exit_code == 0, result.output
    assert "root mean squared error" in result.stdout
    assert "how much half the Poisson deviance rises" in " ".join(result.stdout.split())
    assert (pd.read_csv(io.StringIO(run("predict", place / "counts", place / "counts.csv").stdout)) >= 0).all(axis=None)
    assert run("check-gradient", place / "counts", place / "counts.csv", "--rows", 3).exit_code == 0
    refused = run("train", data, "--target", "label", *QUICK, "--loss", "huber", "--output", place / "never")
    assert "--loss 'huber' acts on quantities, but the target is labels. Leave it out" in refused.stderr


def test_weights_of_classes_and_objectives_reach_the_classifier(run: Run, data: Path, tmp_path: Path) -> None:
    options = ["--class-weight", "high=3", "--objective", "accuracy", "--seed", 7, "--dtype", "float64"]
    result = run("train", data, "--target", "label", *QUICK, *options, "--output", tmp_path / "model")
    assert result.exit_code == 0, result.output
    estimator: Any = load(tmp_path / "model").estimator
    assert (estimator.class_weight, estimator.objective, estimator.random_state) == ({"high": 3.0}, "accuracy", 7)
    assert estimator.thetas_.dtype == np.float64


def test_a_model_of_python_says_how_the_command_line_gets_one(run: Run, data: Path, tmp_path: Path) -> None:
    frame = read_table(data)
    clf = TableClassifier(1, epochs=2, hidden_layer_sizes=(4,)).fit(frame[["x", "size"]], frame["label"])
    clf.save(tmp_path / "python")
    result = run("predict", tmp_path / "python", data)
    assert result.exit_code == 1
    assert "saved in Python" in result.stderr


def test_the_command_of_a_report_repeats_options_that_were_given_twice(run: Run, data: Path, tmp_path: Path) -> None:
    options = ["--target", "label", *QUICK, "--drop", "x", "--drop", "size", "-o", tmp_path / "model"]
    result = run("train", data, *options, "--report", tmp_path / "r.html")
    assert result.exit_code == 0, result.output
    assert "--drop x --drop size" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_a_run_that_ctrl_c_stopped_goes_on_to_the_same_bits(
    run: Run, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = ["--target", "label", *QUICK]
    assert run("train", data, *options, "-o", tmp_path / "whole").exit_code == 0
    calls = 0

    def interrupt(*_: Any) -> str:
        nonlocal calls
        calls += 1
        if calls == 5:
            signal.raise_signal(signal.SIGINT)
        return ""

    kept = ["--checkpoint", tmp_path / "run.ckpt", "-o", tmp_path / "part"]
    with monkeypatch.context() as patch:
        patch.setattr("deltarule.tabular.telling.measured", interrupt)
        assert run("train", data, *options, *kept).exit_code == 130
    stopped = load(tmp_path / "part").estimator.thetas_
    refused = run("train", data, *options, *kept)
    assert refused.exit_code == 1
    assert re.search(r"run\.ckpt holds a run of .*--resume", " ".join(refused.stderr.split()))
    other = run("train", data, *options, "--seed", 3, "--epochs", 9, *kept, "--resume")
    assert other.exit_code == 1
    assert "--epochs" in other.stderr or "epochs was 8 and is 9" in other.stderr
    result = run("train", data, *options, *kept, "--resume")
    assert result.exit_code == 0, result.output
    whole, part = (load(tmp_path / name).estimator.thetas_ for name in ("whole", "part"))
    np.testing.assert_array_equal(whole, part)
    assert not np.array_equal(stopped, part)


def test_a_checkpoint_of_the_other_kind_is_told_before_any_work(run: Run, data: Path, tmp_path: Path) -> None:
    options = [
        "--target",
        "label",
        "--layers",
        3,
        "--epochs",
        2,
        "--checkpoint",
        tmp_path / "run",
        "-o",
        tmp_path / "m",
    ]
    assert run("train", data, "--network", *options).exit_code == 0
    result = run("train", tmp_path / "absent.csv", *options, "--resume")
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: {tmp_path / 'run'} ")
