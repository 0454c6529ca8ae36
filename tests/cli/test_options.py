"""Options that are settings, and messages in their words."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import Result

from deltarule.cli.options import DECLARED, in_options
from deltarule.common.messages import Message

Run = Callable[..., Result]


@pytest.mark.parametrize(
    "told",
    [
        "/runs/alpha/max_iter.run and ../alpha hold a run of 'alpha', which is alpha-numeric.",
        "Wait for its end, or give this run a checkpoint of its own. Momentum, output and engine stay.",
        "It has 'max_iter', '100 max_iter' and n_iter.",
    ],
)
def test_paths_quoted_names_and_english_words_are_no_settings(told: str) -> None:
    assert in_options(told) == told


@pytest.mark.parametrize(("name", "flag"), [(name, declared.option) for name, declared in DECLARED.items()])
def test_every_setting_that_is_given_a_value_becomes_its_option(name: str, flag: str) -> None:
    assert in_options(f"Take {name}=0.5, or {name}='auto'.") == f"Take {flag} 0.5, or {flag} 'auto'."


@given(text=st.sampled_from(["alpha=1", "my alpha run.ckpt", "resume=True", "{alpha}", "`max_iter`"]) | st.text())
def test_no_character_that_a_user_gave_changes(text: str) -> None:
    message = Message("{path} holds {label!r}: take alpha=1 {column}", path=text, label=text, column=text)
    assert in_options(message) == f"{text} holds {text!r}: take --lambda 1 {text}"


@pytest.mark.parametrize("name", ["my alpha run.ckpt", "alpha=1 max_iter=2.ckpt"])
def test_the_path_of_a_checkpoint_stands_in_a_message_as_it_was_given(
    run: Run, data: Path, tmp_path: Path, name: str
) -> None:
    options = ["--target", "label", "--epochs", 1, "--layers", 2, "-o", tmp_path / "model", "--checkpoint"]
    assert run("train", "--network", data, *options, tmp_path / name).exit_code == 0
    refused = run("train", "--network", data, *options, tmp_path / name)
    assert f"Error: {tmp_path / name} holds a run of 1 epochs" in refused.stderr
    assert "Go on with it by --resume, or" in refused.stderr


def test_switches_become_options_without_a_value() -> None:
    assert in_options("resume=True, shuffle=False, early_stopping=True.") == "--resume, --no-shuffle, --early-stopping."


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ("--layers 10,x", "does not name hidden layers"),
        ("--layers 0", "does not name hidden layers"),
        ("--layers 10000000000000000000", "asks for more than 10¹² parameters"),
        ("--layers 1000000,1000001", "asks for more than 10¹² parameters"),
        ("--activation sine", "is no hidden unit"),
        ("--layers 5 --activation relu,tanh", "names 2 units for 1 hidden layers"),
        ("--solver newton", "is not a str among"),
        ("--lambda -1", "is not a float in the range"),
        ("--epochs 0", "is not an int in the range"),
        ("--batch-size many", "is not a str among"),
        ("--holdout 1", "is not in"),
        ("--early-stopping --validation-fraction 0", "0 leaves --early-stopping no row to watch."),
        ("--epochs ten", "integer"),
        ("--dropout 0.5,1", "is not a float in the range [0, 1), or a sequence"),
        ("--class-weight yes:2", "is not 'balanced', or a weight for each label, finite and 0 or more: yes=2,no=1"),
        ("--n-threads 0", "is not an int in the range [1, inf)."),
        ("--patience 0", "is not an int in the range [1, inf)."),
        ("--max-grad-norm 0", "is not a float in the range (0, inf)."),
        ("--output-units linear", "is not a str among"),
    ],
)
def test_a_setting_outside_its_range_is_a_usage_error(run: Run, options: str, complaint: str) -> None:
    result = run("train", "--network", "absent.csv", "--target", "y", *options.split())
    assert result.exit_code == 2
    assert options.split()[-2] in result.stderr
    assert complaint in " ".join(result.stderr.replace("│", " ").split())


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("--solver sgd --learning-rate-init 1e300", "with --learning-rate-init 1e+300. Try 1e+299, or"),
        ("--solver lbfgs --weight-decay 0.5", "--weight-decay 0.5 acts on mini-batches, but --solver 'lbfgs' takes"),
        ("--batch-size 4000", "Got --batch-size less than 1 or larger than sample size. It is going to be clipped (--"),
        ("--class-weight alpha=1", "--class-weight has a weight for 'alpha', which is none of the classes"),
    ],
)
def test_messages_of_the_library_name_options(run: Run, data: Path, tmp_path: Path, options: str, told: str) -> None:
    result = run(
        "train", "--network", data, "--target", "label", "--epochs", 2, *options.split(), "-o", tmp_path / "model"
    )
    assert told in result.stderr
