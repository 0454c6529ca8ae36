"""`deltarule import` says what it understood, writes a model file, and stops where something must be said."""

from pathlib import Path

import pytest
from foreign_examples import FILES
from typer.testing import CliRunner

from deltarule.cli import app


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(words))
    return result.exit_code, result.output


def test_what_is_imported_predicts_a_table(tmp_path: Path) -> None:
    model, table = tmp_path / "model", tmp_path / "table.csv"
    code, said = run("import", str(FILES / "bin.pmml"), "-o", str(model))
    assert code == 0
    assert "network 2-3-1" in said
    assert "recognised as one logistic output" in said
    table.write_text("a,b\n0.1257302210933933,-0.1321048632913019\n")
    code, said = run("predict", str(model), str(table))
    assert code == 0
    assert "0.27685276718507" in said


def test_whole_numbers_are_labels_of_their_own_type(tmp_path: Path) -> None:
    import deltarule

    words = ["import", str(FILES / "fix.keras"), "-o", str(tmp_path / "m"), "--labels", "0,1", "--features", "p,q"]
    assert run(*words, "--target", "class")[0] == 0
    loaded = deltarule.load(tmp_path / "m")
    assert isinstance(loaded, deltarule.TableModel)
    assert loaded.estimator.classes_.tolist() == [0, 1]  # type: ignore[union-attr]
    assert (list(loaded.encoder.kinds), loaded.target) == (["p", "q"], "class")


def test_units_of_a_state_dict_are_named_by_options(tmp_path: Path) -> None:
    file, model = str(FILES / "t2.safetensors"), str(tmp_path / "m")
    said = ["--activation", "gelu,mish,elu(0.5)", "--output-unit", "sigmoid", "--labels", "no,yes"]
    code, text = run("import", file, "-o", model, *said)
    assert code == 0, text
    assert "gelu, mish, elu(0.5)" in text


def test_several_outputs_are_for_python(tmp_path: Path) -> None:
    code, text = run("import", str(FILES / "fix.yml"), "-o", str(tmp_path / "m"))
    assert code == 0
    assert "for Python" in text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["fix.keras"], "--labels"),
        (["iris3.txt"], "--table"),
        (["t2.safetensors", "--output-unit", "sigmoid"], "--activation"),
        (["t2.safetensors", "--activation", "relu"], "--output-unit"),
        (["default.net"], "SIGMOID_STEPWISE"),
    ],
)
def test_it_stops_with_a_sentence_that_names_the_option(words: list[str], said: str, tmp_path: Path) -> None:
    code, text = run("import", str(FILES / words[0]), *words[1:], "-o", str(tmp_path / "m"))
    assert code == 1
    assert said in " ".join(text.split())
    assert not (tmp_path / "m").exists()


def test_the_model_does_not_take_the_place_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "net.net"
    file.write_bytes((FILES / "sig.net").read_bytes())
    code, _ = run("import", str(file), "-o", str(file))
    assert code == 1
    assert file.read_bytes() == (FILES / "sig.net").read_bytes()
