"""`deltarule train`."""

import inspect
import re
import shlex
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import Result

from deltarule import MLPClassifier, Progress
from deltarule.cli.kinds import BOTH, default_of
from deltarule.cli.options import DECLARED, parameter_of, parse_layers
from deltarule.cli.train import train
from deltarule.tables import hold_out, read_table
from deltarule.training.settings import CLASSIFIER_SETTINGS, SETTINGS
from judged import HOSTILE
from loading import load
from pageback import named, read_page, section, table_of, text_of

Run = Callable[..., Result]


def test_training_tells_network_accuracy_confusion_curve_and_where_the_model_is(trained: Result, model: Path) -> None:
    said = trained.stdout
    assert re.search(r"Network 6-8-3 \(tanh, softmax\), 83 parameters; 72 rows to learn from", said)
    assert re.search(r"Trained by lbfgs: \d+ epochs? in \d+\.\d s \(.*\)", said)
    assert re.search(r"Held-out accuracy: \d+\.\d % \(\d+ of 18 rows\), cost \d\.\d{4}", said)
    assert "Confusion: rows true, columns predicted" in said
    assert "• training   ○ held out" in said
    assert f"Model: {model}" in said


def test_notices_and_progress_go_to_stderr(trained: Result) -> None:
    assert "Note: One value only, so dropped: 'same'." in trained.stderr
    assert re.search(r"epoch 6/60  cost \d\.\d{4}  held out \d\.\d{4}", trained.stderr)
    assert len(re.findall(r"^epoch", trained.stderr, flags=re.MULTILINE)) <= 10


def test_the_model_holds_how_it_was_made(model: Path) -> None:
    loaded = load(model)
    assert loaded.target == "label"
    assert loaded.seed == 0
    assert loaded.settings["hidden_layer_sizes"] == [8]
    assert (loaded.settings["solver"], loaded.settings["alpha"], loaded.settings["holdout"]) == ("lbfgs", 0.01, 0.2)
    assert loaded.estimator.alpha == 0.01
    assert loaded.held_out is not None
    assert loaded.held_out.rows == 18


def test_the_held_out_figure_is_that_of_the_rows_that_were_held_out(model: Path, data: Path) -> None:
    loaded, table = load(model), read_table(data)
    _, held_out, _ = hold_out(table["label"].to_numpy(dtype=str), 0.2, 0)
    rows = table.iloc[held_out]
    right = loaded.estimator.predict(loaded.encoder.transform(rows)) == rows["label"].to_numpy(dtype=str)
    assert loaded.held_out is not None
    assert loaded.held_out.accuracy == pytest.approx(right.mean())


def test_pictures_are_written(trained: Result, folder: Path) -> None:
    for name in ("network.png", "learning_curve.png"):
        assert (folder / "pictures" / name).read_bytes().startswith(b"\x89PNG")
        assert f"Picture: {folder / 'pictures' / name}" in trained.stdout


def test_the_report_agrees_with_the_model_and_its_command_makes_both_again(
    run: Run, table: pd.DataFrame, tmp_path: Path
) -> None:
    labels = table["label"].replace("low", HOSTILE)
    renamed = table.assign(label=labels).rename(columns={"x": HOSTILE, "label": "the label"})
    source, model, path = tmp_path / "a table.csv", tmp_path / "model", tmp_path / "report.html"
    renamed.to_csv(source, index=False)
    options = ["--layers", "3", "--epochs", "4", "--seed", "5", "--no-shuffle", "--lambda", "0.5"]
    result = run("train", "--network", source, "--target", "the label", *options, "-o", model, "--report", path)
    assert result.exit_code == 0, result.output
    assert f"Report: {path}" in result.stdout

    page, loaded = read_page(path.read_text(encoding="utf-8")), load(model)
    assert loaded.held_out is not None
    figures = {row[0]: row[1] for row in table_of(page, "measures") if len(row) == 3}
    assert float(figures["accuracy"]) == pytest.approx(loaded.held_out.accuracy, rel=1e-12)
    assert float(figures["mean cost"]) == pytest.approx(loaded.held_out.cost, rel=1e-12)
    data = named(section(page, "Data"))
    assert (data["judged on"], data["trained on"], data["rows"]) == ("held-out rows", "72 rows", "18")
    assert (data["table"], data["target"], data["columns"]) == (str(source), "the label", "4")
    rows = read_table(source)
    for (name, _, true, predicted, _), _ in zip(*[iter(table_of(page, "costly"))] * 2, strict=True):
        row = rows.loc[[int(name.removeprefix("line "))]]
        assert true == row["the label"].item()
        assert predicted == loaded.estimator.predict(loaded.encoder.transform(row))[0]

    assert named(section(page, "How to make it again"))["seed of the report"] == "5"
    command = shlex.split(text_of(next(page.iter("pre"))))
    assert command[1:4] == ["train", str(source), "--target"]
    assert "--no-shuffle" in command
    assert "--tol" not in command
    first = loaded.estimator.theta_
    model.unlink()
    path.unlink()
    assert run(*command[1:]).exit_code == 0
    np.testing.assert_array_equal(load(model).estimator.theta_, first)
    assert path.exists()


def test_a_report_without_a_hold_out_says_that_its_rows_were_learnt(run: Run, data: Path, tmp_path: Path) -> None:
    options = "--target label --layers 3 --epochs 2 --holdout 0 --output"
    run("train", "--network", data, *options.split(), tmp_path / "model", "--report", tmp_path / "report.html")
    page = read_page((tmp_path / "report.html").read_text(encoding="utf-8"))
    summary = named(section(page, "Data"))
    assert (summary["judged on"], summary["rows"]) == ("the training set", "90")


def test_what_a_report_lacks_is_one_line_before_the_table_is_read(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = [
        "train",
        "--network",
        tmp_path / "absent.csv",
        "--target",
        "y",
        "--output",
        tmp_path / "model",
        "--report",
    ]
    result = run(*options, tmp_path / "nowhere" / "report.html")
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: {tmp_path / 'nowhere' / 'report.html'} cannot be written: there is no")
    monkeypatch.setattr("deltarule.pictures.style.find_spec", lambda _: None)
    result = run(*options, tmp_path / "report.html")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "Error: Drawing needs matplotlib: pip install 'deltarule[cli]'\n"


def test_the_same_seed_makes_the_same_model_and_another_seed_another(run: Run, data: Path, tmp_path: Path) -> None:
    for name, seed in (("one", 5), ("two", 5), ("three", 6)):
        options = f"--target label --layers 3 --epochs 3 --seed {seed} --output"
        assert run("train", "--network", data, *options.split(), tmp_path / name).exit_code == 0
    one, two, three = (load(tmp_path / name).estimator.theta_ for name in ("one", "two", "three"))
    assert np.array_equal(one, two)
    assert not np.array_equal(one, three)


@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
def test_ctrl_c_saves_the_model_so_far_and_says_so(
    run: Run, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, solver: str
) -> None:
    def interrupt(epoch: Progress, *_: str) -> str:
        if epoch.epoch == 4:
            signal.raise_signal(signal.SIGINT)
        return ""

    monkeypatch.setattr("deltarule.training.progress_bar._measured", interrupt)
    options = "--target label --layers 3 --epochs 10 --output"
    result = run("train", "--network", data, *options.split(), tmp_path / "model", "--solver", solver)
    assert result.exit_code == 130
    assert "interrupted by Ctrl-C" in result.stdout
    assert re.search(r"Note: Interrupted after epoch [45]: the model is the one trained so far\.", result.stderr)
    assert load(tmp_path / "model").estimator.history_.stopped == "interrupted"


@pytest.mark.parametrize(
    ("options", "end", "consequence"),
    [
        (
            "--on-divergence restore",
            r"no more progress, or a gradient as small as tol",
            r" Training went on from .* with a tenth of the step\.",
        ),
        ("--early-stopping", r"diverged; the best parameters before it were kept", ""),
    ],
)
def test_a_run_that_diverged_says_where_and_what_became_of_it(
    run: Run, data: Path, tmp_path: Path, options: str, end: str, consequence: str
) -> None:
    steps = "--target label --solver sgd --activation identity --learning-rate-init 1e4 --output"
    result = run("train", "--network", data, *steps.split(), tmp_path / "model", *options.split())
    assert result.exit_code == 0, result.output
    ended, told = result.stdout.splitlines()[2:4]
    assert re.fullmatch(rf"Trained by sgd: \d+ epochs in \d+\.\d s \({end}\)\.", ended)
    diverged = r"The cost became non-finite in epoch \d+, batch 1.* with --learning-rate-init 10000\. Try 1000, .*"
    assert re.fullmatch(diverged + consequence, told)


def test_a_held_out_cost_that_rises_is_told_with_the_option_that_helps(
    run: Run, tmp_path: Path, table: pd.DataFrame
) -> None:
    noise = table.assign(label=np.random.default_rng(1).choice(["a", "b"], 90))
    noise.to_csv(tmp_path / "noise.csv", index=False)
    options = "--target label --layers 30 --epochs 120 --learning-rate-init 0.05 --output"
    result = run("train", "--network", tmp_path / "noise.csv", *options.split(), tmp_path / "model")
    lowest = int(np.argmin(load(tmp_path / "model").estimator.history_.validation_cost)) + 1
    assert re.search(
        rf"The held-out cost was lowest in epoch {lowest} of \d+ and has risen since: --early-stopping keeps that",
        result.stdout,
    )
    assert "still making progress" not in result.stdout


def test_early_stopping_watches_rows_that_are_neither_learnt_nor_judged(run: Run, data: Path, tmp_path: Path) -> None:
    options = "--target label --layers 3 --epochs 30 --early-stopping --validation-fraction 0.25 --output"
    result = run("train", "--network", data, *options.split(), tmp_path / "model")
    assert result.exit_code == 0, result.output
    assert "54 rows to learn from" in result.stdout  # of 90, 18 are held out and 18 watched
    assert "○ watched" in result.stdout
    assert "of 18 rows" in result.stdout


@pytest.mark.parametrize(
    ("scoring", "shown", "column"),
    [
        ([], "watched accuracy", "validation_score"),
        (["--scoring", "f1_macro, loss"], "watched f1_macro", "validation_score"),
        (["--scoring", "loss, f1_macro"], "watched", "validation_cost"),
    ],
)
def test_progress_shows_by_name_what_early_stopping_follows(
    run: Run, data: Path, tmp_path: Path, scoring: list[str], shown: str, column: str
) -> None:
    options = "--target label --layers 3 --epochs 8 --early-stopping --validation-fraction 0.25 --output"
    result = run("train", "--network", data, *options.split(), tmp_path / "model", *scoring)
    lines = re.findall(r"^epoch \d/8  cost \S+  (.*) (\S+)$", result.stderr, flags=re.MULTILINE)
    followed = getattr(load(tmp_path / "model").estimator.history_, column)
    assert lines == [(shown, f"{value:.4f}") for value in followed]


def test_without_a_hold_out_nothing_is_claimed(run: Run, data: Path, tmp_path: Path) -> None:
    options = "--target label --layers 3 --epochs 2 --holdout 0 --output"
    result = run("train", "--network", data, *options.split(), tmp_path / "model")
    assert "No rows were held out, so nothing is known about new rows." in result.stdout
    assert load(tmp_path / "model").held_out is None


def test_a_class_of_one_row_is_trained_and_said(run: Run, table: pd.DataFrame, tmp_path: Path) -> None:
    rare = table.copy()
    rare.loc[3, "label"] = "once"
    rare.to_csv(tmp_path / "rare.csv", index=False)
    options = "--target label --layers 3 --epochs 2 --output"
    result = run("train", "--network", tmp_path / "rare.csv", *options.split(), tmp_path / "model")
    assert result.exit_code == 0
    assert "No row of 'once' is held out" in result.stderr
    assert "once" in load(tmp_path / "model").estimator.classes_


def test_rows_without_a_label_are_left_out_and_said(run: Run, table: pd.DataFrame, tmp_path: Path) -> None:
    gaps = table.copy()
    gaps.loc[[4, 7], "label"] = None
    gaps.to_csv(tmp_path / "gaps.csv", index=False)
    result = run(
        "train", "--network", tmp_path / "gaps.csv", "--target", "label", "--epochs", 1, "--output", tmp_path / "model"
    )
    assert "2 rows have no value in the target 'label' and are left out (first: line 6)" in result.stderr


def test_a_missing_target_is_one_red_line_and_exit_code_1(run: Run, data: Path, tmp_path: Path) -> None:
    result = run("train", "--network", data, "--target", "lable", "--output", tmp_path / "model")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert re.fullmatch(
        r"Error: The table has no column 'lable', which is the target\. It has 5: 'label', .*\n", result.stderr
    )


def test_a_place_that_cannot_be_written_is_found_before_the_table_is_read(run: Run, tmp_path: Path) -> None:
    output = tmp_path / "nowhere" / "model"
    result = run("train", "--network", tmp_path / "absent.csv", "--target", "label", "--output", output)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: {output} cannot be written: there is no folder {tmp_path / 'nowhere'}.")


def test_a_folder_for_pictures_that_cannot_be_made_is_found_before_the_table_is_read(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    options = ["--target", "y", "--output", tmp_path / "model", "--pictures", tmp_path / "file"]
    result = run("train", "--network", tmp_path / "absent.csv", *options)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: The folder {tmp_path / 'file'} cannot be made")


def test_no_hidden_layer_is_logistic_regression(run: Run, data: Path, tmp_path: Path) -> None:
    assert parse_layers("none") == ()
    options = "--target label --layers none --epochs 2 --output"
    assert "Network 6-3 (softmax)" in run("train", "--network", data, *options.split(), tmp_path / "model").stdout


def test_the_command_line_offers_every_setting_with_the_defaults_of_the_classifier() -> None:
    offered = inspect.signature(train).parameters
    declared = inspect.signature(MLPClassifier).parameters
    for name in (*SETTINGS, *CLASSIFIER_SETTINGS):
        default, of_classifier = offered[parameter_of(name)].default, declared[name].default
        if parameter_of(name) in BOTH:
            default = default_of(parameter_of(name), default, is_single=True)
        is_text = DECLARED[name].is_composed and of_classifier is not None
        assert default == (str(of_classifier) if is_text else of_classifier), name
    assert offered["scoring"].default == declared["scoring"].default
    assert parse_layers(BOTH["layers"].single) == declared["hidden_layer_sizes"].default
    assert offered["activation"].default == declared["activation"].default


def test_help_shows_every_setting_with_its_words(run: Run) -> None:
    said = " ".join(re.sub(r"[│╭╮╰╯─]", " ", run("train", "--help").stdout).split())
    for setting in (*SETTINGS.values(), *CLASSIFIER_SETTINGS.values()):
        assert setting.option in said
        assert setting.help.split(";")[0].split(":")[0] in said


def test_settings_of_several_words_reach_the_classifier(run: Run, data: Path, tmp_path: Path) -> None:
    labels = np.unique(read_table(data)["label"].astype(str))
    options = [
        *["--target", "label", "--layers", "5,4", "--epochs", "3", "--output", tmp_path / "model"],
        *["--dropout", "0.2, 0.1", "--class-weight", f"{labels[0]}=2.5, {labels[1]}=0.5", "--batch-size", "16"],
        *["--label-smoothing", "0.1", "--weight-decay", "0.01", "--max-grad-norm", "2", "--warmup", "1"],
        *["--learning-rate", "cosine", "--scoring", "f1_macro, loss", "--output-units", "sigmoid"],
    ]
    result = run("train", "--network", data, *options)
    assert result.exit_code == 0, result.output
    classifier = load(tmp_path / "model").estimator
    assert classifier.dropout == (0.2, 0.1)
    assert classifier.class_weight == {labels[0]: 2.5, labels[1]: 0.5}
    assert (classifier.batch_size, classifier.label_smoothing, classifier.weight_decay) == (16, 0.1, 0.01)
    assert (classifier.max_grad_norm, classifier.warmup, classifier.learning_rate) == (2.0, 1.0, "cosine")
    assert classifier.network_.output == "sigmoid"
    assert re.search(r"After epoch [123]: train_f1_macro 0\.\d{4}, validation_f1_macro 0\.\d{4}\.", result.stdout)


def test_weights_of_classes_that_are_numbers_in_the_table_are_written_as_text(run: Run, tmp_path: Path) -> None:
    pd.DataFrame({"x": np.arange(60.0) % 7, "y": np.arange(60) % 2}).to_csv(tmp_path / "data.csv", index=False)
    options = ["--target", "y", "--epochs", "2", "--class-weight", "1=3", "--output", tmp_path / "model"]
    assert run("train", "--network", tmp_path / "data.csv", *options).exit_code == 0
    assert list(load(tmp_path / "model").estimator.class_weight.values()) == [3.0]


def test_a_score_that_does_not_fit_the_labels_is_one_line_with_a_remedy(run: Run, tmp_path: Path) -> None:
    pd.DataFrame({"x": np.arange(60.0) % 7, "y": ["<=50K", ">50K"] * 30}).to_csv(tmp_path / "adult.csv", index=False)
    result = run(
        "train", "--network", tmp_path / "adult.csv", "--target", "y", "--scoring", "f1", "--output", tmp_path / "model"
    )
    assert result.exit_code == 1
    assert re.fullmatch(
        r"Error: scoring: 'f1' cannot be measured .*pos_label=1 is not .*take 'f1_macro', .*pos_label='>50K'\)\.\n",
        result.stderr,
    )
    assert not (tmp_path / "model").exists()


def test_what_is_warned_of_at_every_epoch_is_one_note(run: Run, tmp_path: Path) -> None:
    pd.DataFrame({"x": np.arange(60.0) % 2, "y": ["a", "b", "c"] * 20}).to_csv(tmp_path / "data.csv", index=False)
    options = "--target y --scoring precision_macro --epochs 4 --layers none --holdout 0 --output"
    result = run("train", "--network", tmp_path / "data.csv", *options.split(), tmp_path / "model")
    assert result.exit_code == 0
    assert result.stderr.count("Precision is ill-defined") == 1


def test_a_score_that_nobody_knows_is_named_in_one_line(run: Run, data: Path, tmp_path: Path) -> None:
    result = run(
        "train", "--network", data, "--target", "label", "--scoring", "goodness", "--output", tmp_path / "model"
    )
    assert result.exit_code == 1
    assert "scikit-learn has no scorer 'goodness'" in result.stderr


def test_words_that_only_held_out_rows_have_are_noticed(run: Run, table: pd.DataFrame, tmp_path: Path) -> None:
    _, held_out, _ = hold_out(table["label"].to_numpy(dtype=str), 0.2, 0)
    odd = table.copy()
    odd.loc[held_out[:2], "colour"] = "green"
    odd.to_csv(tmp_path / "odd.csv", index=False)
    result = run(
        "train", "--network", tmp_path / "odd.csv", "--target", "label", "--epochs", 1, "-o", tmp_path / "model"
    )
    assert "Note: In the held-out rows, 'colour' holds what the model does not know in 2 of 18 rows" in result.stderr
