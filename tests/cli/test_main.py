"""The program itself, in a process of its own."""

import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec as real_find_spec
from pathlib import Path

import pytest
from typer.testing import Result

import deltarule
from deltarule.__main__ import main

Run = Callable[..., Result]


def test_the_program_predicts_through_pipes(model: Path, data: Path) -> None:
    command = [sys.executable, "-m", "deltarule", "predict", str(model), str(data)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, encoding="utf-8")
    assert len(done.stdout.splitlines()) == 91
    assert done.stderr == ""


def test_an_error_has_no_traceback_and_ends_with_1() -> None:
    command = [sys.executable, "-m", "deltarule", "evaluate", "absent", "absent.csv"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, encoding="utf-8")
    assert done.returncode == 1
    assert done.stderr == "Error: absent does not exist. Give a file that `deltarule train` made.\n"


def test_without_arguments_the_commands_are_listed(run: Run) -> None:
    result = run()
    for command in ("train", "predict", "evaluate", "check-gradient", "explain", "info"):
        assert command in result.output


def test_paragraphs_of_the_help_are_wrapped_to_the_width_of_the_screen(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    lines = [line.rstrip() for line in run("train", "--help").output.splitlines()]
    begin = next(n for n, line in enumerate(lines) if line.startswith(" By default"))
    paragraph = lines[begin : lines.index("", begin)]
    assert len(paragraph) > 1
    assert all(len(line) > 80 for line in paragraph[:-1])  # no line of the docstring ends in the middle


def test_the_version_is_told_in_one_line(run: Run) -> None:
    result = run("--version")
    assert (result.exit_code, result.output) == (0, f"deltarule {deltarule.__version__}\n")


def test_an_unknown_command_is_a_usage_error(run: Run) -> None:
    assert run("teach").exit_code == 2


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("export model out.onnx", "export takes no out.onnx here. Did you mean --output out.onnx?"),
        ("export model out", "export takes no out here. Did you mean --output out?"),
        ("import net.onnx out", "import takes no out here. Did you mean --output out?"),
    ],
)
def test_a_name_too_many_is_told_with_the_option_that_takes_it(
    run: Run, monkeypatch: pytest.MonkeyPatch, command: str, said: str
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    result = run(*command.split())
    assert result.exit_code == 2
    assert said in result.output
    assert run(*command.split(), "--help").exit_code == 0


def test_a_name_among_several_files_that_is_no_file_is_told_with_the_options_that_take_names(
    run: Run, tmp_path: Path
) -> None:
    table = tmp_path / "data.csv"
    table.write_text("x,y\n1,a\n2,b\n")
    result = run("train", table, "out.deltarule", "--target", "y", "-o", tmp_path / "model.deltarule")
    assert result.exit_code == 2
    words = " ".join(result.output.replace("│", " ").split())
    assert "out.deltarule does not exist. Several names are the files of one table; --output names what is" in words


def test_what_is_not_installed_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    absent = {"typer", "pandas"}
    monkeypatch.setattr("deltarule.__main__.find_spec", lambda name: None if name in absent else real_find_spec(name))
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == "Error: the command line needs typer, pandas: pip install 'deltarule[cli]'"


def test_a_network_that_the_memory_does_not_hold_is_one_line(
    run: Run, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fit(*_: object, **__: object) -> None:
        raise MemoryError("Unable to allocate 298. GiB")

    monkeypatch.setattr("deltarule.tables.table_run.learn", fit)
    result = run("train", "--network", data, "--target", "label", "-o", tmp_path / "model")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == (
        "Error: There is not enough memory (Unable to allocate 298. GiB). Take a smaller network, or fewer rows or "
        "columns."
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the device that is always full is Linux's")
@pytest.mark.parametrize("command", ["predict", "evaluate", "explain", "info", "--help", "--version", "train --help"])
def test_output_that_cannot_be_written_is_one_line_and_ends_with_1(model: Path, data: Path, command: str) -> None:
    files = [] if command == "info" or "--" in command else [str(model), str(data)]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "deltarule", *command.split(), *files],
            stdout=full,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            check=False,
        )
    assert (done.returncode, done.stderr) == (
        1,
        "Error: The output cannot be written (No space left on device). Make room, or send it elsewhere.\n",
    )


def test_a_reader_that_goes_away_is_no_error_to_tell(model: Path, data: Path) -> None:
    command = [sys.executable, "-m", "deltarule", "predict", str(model), str(data)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8") as program:
        assert program.stdout is not None
        assert program.stderr is not None
        program.stdout.close()
        assert program.stderr.read() == ""
