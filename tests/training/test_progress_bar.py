"""The progress bar: in a terminal, and where there is none."""

import io
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from deltarule.training.history import History, Progress
from deltarule.training.progress_bar import progress_bar


def after(epoch: int, epochs: int) -> Progress:
    def history() -> History:
        raise AssertionError("a bar needs no history")

    return Progress(epoch, epochs, 1 / epoch, 2 / epoch, np.nan, np.nan, 0.1, np.zeros(1), {}, history)


def test_in_a_terminal_a_bar_shows_epoch_cost_and_held_out_cost() -> None:
    text = io.StringIO()
    with progress_bar(5, "held out", Console(file=text, force_terminal=True, width=100, highlight=False)) as progress:
        for epoch in range(1, 4):
            progress(after(epoch, 5))
    assert "epoch 3/5" in text.getvalue()
    assert "cost 0.3333  held out 0.6667" in text.getvalue()


def test_without_a_terminal_there_are_ten_lines_at_most(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar(95) as progress:
        for epoch in range(1, 96):
            progress(after(epoch, 95))
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 9
    assert lines[0] == "epoch 10/95  cost 0.1000  validation 0.2000"


def test_a_score_that_is_followed_stands_in_place_of_the_cost(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar(1, "watched", score="accuracy") as progress:
        progress(replace(after(1, 1), validation_score=0.75))
    assert capsys.readouterr().err == "epoch 1/1  cost 1.0000  watched accuracy 0.7500\n"


def test_without_rich_one_line_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['rich'] = sys.modules['rich.console'] = None\n"
        "from deltarule import MLPClassifier\n"
        "MLPClassifier(verbose='bar').fit([[0.0], [1.0]], [0, 1])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.stderr.splitlines()[-1] == (
        "ImportError: A progress bar needs Rich, which is not installed: pip install 'deltarule[cli]'"
    )
