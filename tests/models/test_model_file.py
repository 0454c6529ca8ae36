"""Model files: the same bits come back, and nothing else than a model is loaded."""

import json
import os
import pickle
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import deltarule
from deltarule import MLPClassifier, Unit
from deltarule.common.arrays import Array
from deltarule.common.errors import ModelFileError, OutputError
from deltarule.tables import TableEncoder
from deltarule.tables.model import HeldOut, TableModel
from deltarule.tabular.stored import FORMAT as NEWEST
from loading import load
from mutations import archive_of, members, npy

TABLE = pd.DataFrame(
    {
        "size": [1.0, 2.0, np.nan, 4.0, 5.0, 7.0],
        "colour": ["red", None, "blue", "red", "blue", "blue"],
        "old": [True, False, True, True, False, False],
    }
)


def trained(labels: list[Any], **parameters: Any) -> TableModel:
    encoder = TableEncoder.fit(TABLE)
    classifier = MLPClassifier((3,), **{"solver": "lbfgs", "random_state": 0, **parameters})
    classifier.fit(encoder.transform(TABLE), labels)
    return TableModel(encoder, classifier, "y", seed=3, settings={"alpha": 0.5}, held_out=HeldOut(5, 0.8, 0.25))


@pytest.fixture(scope="module")
def model() -> TableModel:
    return trained(["a", "b", "c", "a", "b", "c"])


@pytest.fixture
def path(model: TableModel, tmp_path: Path) -> Path:
    model.save(tmp_path / "model")
    return tmp_path / "model"


def rewritten(path: Path, member: str, change: Callable[[dict[str, Any]], object]) -> Path:
    """Write the file again with one JSON member changed."""
    parts = members(path.read_bytes())
    content = json.loads(parts[member])
    change(content)
    path.write_bytes(archive_of({**parts, member: json.dumps(content).encode()}))
    return path


def complaint(path: Path) -> str:
    with pytest.raises(ModelFileError) as caught:
        load(path)
    return str(caught.value)


@pytest.mark.parametrize("labels", [list("abcabc"), [0, 1, 2, 0, 1, 2], [True, False] * 3, ["yes", "no"] * 3])
def test_a_loaded_model_predicts_the_same_bits(labels: list[Any], tmp_path: Path) -> None:
    model = trained(labels)
    model.save(tmp_path / "model")
    loaded = load(tmp_path / "model")
    new = pd.DataFrame({"old": [True, None], "size": [np.nan, 3.5], "colour": ["green", None]})
    X, X_loaded = model.encoder.transform(new), loaded.encoder.transform(new)
    assert np.array_equal(X, X_loaded)
    assert np.array_equal(model.estimator.predict_proba(X), loaded.estimator.predict_proba(X))
    assert model.estimator.predict(X).tolist() == loaded.estimator.predict(X).tolist()
    assert loaded.estimator.classes_.dtype == model.estimator.classes_.dtype


def test_everything_else_comes_back_too(model: TableModel, path: Path) -> None:
    loaded = load(path)
    assert (loaded.target, loaded.seed, loaded.settings) == ("y", 3, {"alpha": 0.5})
    assert loaded.held_out == HeldOut(5, 0.8, 0.25)
    assert loaded.version == deltarule.__version__
    assert loaded.encoder.kinds == model.encoder.kinds
    assert loaded.estimator.network_ == model.estimator.network_
    assert loaded.estimator.get_params() == model.estimator.get_params()
    assert np.array_equal(loaded.estimator.history_.cost, model.estimator.history_.cost)


@pytest.mark.parametrize("columns", [["size"], ["colour"]])
def test_tables_of_numbers_only_or_words_only_come_back(columns: list[str], tmp_path: Path) -> None:
    encoder = TableEncoder.fit(TABLE[columns])
    X = encoder.transform(TABLE)
    classifier = MLPClassifier((2,), solver="lbfgs", random_state=0).fit(X, list("ababab"))
    TableModel(encoder, classifier, "y", seed=0).save(tmp_path / "model")
    assert np.array_equal(load(tmp_path / "model").encoder.transform(TABLE), X)


@pytest.mark.parametrize("solver", ["adam", "sgd", "cg", "gd"])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_every_solver_leaves_a_model_that_a_file_takes(solver: str, tmp_path: Path) -> None:
    model = trained(list("ababab"), solver=solver, max_iter=3, activation=["tanh"], alpha=np.float64(0.1))
    model.save(tmp_path / "model")
    assert np.array_equal(load(tmp_path / "model").estimator.theta_, model.estimator.theta_)


def test_a_unit_with_its_number_comes_back(tmp_path: Path) -> None:
    model = trained(list("ababab"), solver="lbfgs", engine="reference", activation=(Unit("elu", 0.5),))
    model.save(tmp_path / "model")
    loaded = load(tmp_path / "model").estimator
    assert loaded.activation == (Unit("elu", 0.5),)
    assert loaded.network_ == model.estimator.network_


def test_target_is_read_as_text_only_where_labels_are_words(model: TableModel) -> None:
    assert model.as_text == ["colour", "y"]
    assert trained([0, 1] * 3).as_text == ["colour"]
    assert trained(["1.5", "2"] * 3).as_text == ["colour"]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert "no.model does not exist" in complaint(tmp_path / "no.model")


def test_an_empty_file_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "model").touch()
    assert "is not a model file: it is empty" in complaint(tmp_path / "model")


def test_a_table_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("a,b\n1,2\n")
    message = complaint(tmp_path / "data.csv")
    assert "is not a model file: it begins with b'a,b" in message
    assert "Give a file that `deltarule train` made" in message


def test_a_pickle_is_no_model_and_is_not_run(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[Any, ...]:
            return os.mkdir, (str(tmp_path / "bang"),)

    (tmp_path / "model").write_bytes(pickle.dumps(Bomb()))
    assert "is not a model file" in complaint(tmp_path / "model")
    assert not (tmp_path / "bang").exists()


def test_another_archive_is_no_model(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "model", "w") as archive:
        archive.writestr("letter.txt", "hello")
    assert "is an archive of 1 files, but not a model" in complaint(tmp_path / "model")


def test_a_file_cut_at_any_byte_is_refused(tmp_path: Path) -> None:
    path, encoder = tmp_path / "small", TableEncoder.fit(TABLE[["old"]])
    classifier = MLPClassifier((), solver="lbfgs").fit(encoder.transform(TABLE), list("ababab"))
    TableModel(encoder, classifier, "y", seed=0).save(path)
    for length in reversed(range(path.stat().st_size)):
        os.truncate(path, length)
        message = complaint(path)
        assert ("is not a model file" if length < 4 else f"is a damaged model file: of its {length} bytes") in message


def test_no_wrong_byte_gets_through(model: TableModel, path: Path) -> None:
    data = path.read_bytes()
    generator = np.random.default_rng(0)
    X = model.encoder.transform(TABLE)
    for place in generator.choice(len(data), 60, replace=False):
        path.write_bytes(data[:place] + bytes([data[place] ^ 0x55]) + data[place + 1 :])
        try:
            loaded = load(path)
        except ModelFileError:
            continue
        # Some bytes of an archive mean nothing (dates, systems): then nothing has changed.
        assert np.array_equal(loaded.estimator.predict_proba(X), model.estimator.predict_proba(X))


def test_a_newer_format_names_its_version_and_the_remedy(path: Path) -> None:
    rewritten(path, "deltarule.json", lambda header: header.update(format=NEWEST + 1, deltarule="9.1"))
    message = complaint(path)
    assert f"was made by deltarule 9.1 in format {NEWEST + 1}; this is deltarule {deltarule.__version__}" in message
    assert "Upgrade: pip install --upgrade deltarule" in message


def test_a_newer_format_is_recognised_before_anything_else_is_read(path: Path) -> None:
    rewritten(path, "deltarule.json", lambda header: header.update(format=NEWEST + 1, classifier={}))
    parts = {**members(path.read_bytes()), "theta.npy": b"of another kind"}
    path.write_bytes(archive_of(parts, zipfile.ZIP_DEFLATED))
    assert "its part 'deltarule.json' is compressed" in complaint(path)
    path.write_bytes(archive_of(parts))
    assert "Upgrade" in complaint(path)


def test_a_file_from_before_the_first_release_is_told_so(path: Path) -> None:
    rewritten(path, "deltarule.json", lambda header: header.pop("kind"))
    assert "before the first release, which nothing reads any more" in complaint(path)


def test_a_file_of_another_kind_is_told_so(path: Path) -> None:
    rewritten(path, "deltarule.json", lambda header: header.update(kind="checkpoint"))
    assert "is a checkpoint, not a model" in complaint(path)


def forgeries() -> list[tuple[Any, ...]]:
    """What to change in the header, and what is said."""

    def at(*place: str) -> Callable[[dict[str, Any], Any], None]:
        def put(header: dict[str, Any], value: Any) -> None:
            for key in place[:-1]:
                header = header[key]
            header[place[-1]] = value

        return put

    return [
        (at("encoder", "kinds", "size"), "os.system", "'os.system' where one of number, date"),
        (at("encoder", "kinds", "size"), {"__class__": "system"}, "where one of number, date"),
        (at("encoder", "gaps"), ["colour"], "'colour' where one of size belongs"),
        (at("encoder", "gaps"), ["size", "size"], "the same value twice"),
        (at("encoder", "categories"), {"colour": ["red"]}, "categories of ['colour'], and columns of words"),
        (at("encoder", "categories", "colour"), ["red", 7], "'7' where a value of type str belongs"),
        (at("encoder", "categories", "colour"), ["red", "blue"], "makes 6 columns, and a network that takes 7"),
        (at("estimator", "parameters", "hidden_layer_sizes"), [10**30], "theta"),
        (at("estimator", "parameters", "hidden_layer_sizes"), {"tuple": [2, 2]}, "shape (36,) where 31"),
        (at("estimator", "parameters", "hidden_layer_sizes"), {"os.system": "id"}, "'os.system' where one of tuple"),
        (at("estimator", "parameters", "activation"), "eval", "'eval' is not a unit"),
        (at("estimator", "parameters", "activation"), {"unit": ["eval"]}, "'eval') is not a unit"),
        (at("estimator", "parameters", "activation"), {"unit": ["elu", "1"]}, "alpha='1' cannot be"),
        (at("estimator", "parameters", "alpha"), -1, "The 'alpha' parameter"),
        (at("estimator", "parameters", "n_jobs"), 1000, "unexpected keyword argument 'n_jobs'"),
        (at("estimator", "outputs"), 4, "shape (36,) where 40"),
        (at("estimator", "features"), "7", "'7' where a value of type int belongs"),
        (at("estimator", "output"), "exec", "'exec' is not a unit"),
        (at("estimator", "classes", "type"), "O", "'O' where one of str"),
        (at("estimator", "classes", "type"), "V1000000000", "where one of str"),
        (at("estimator", "classes", "values"), ["a", "a", "c"], "not ascending"),
        (at("estimator", "classes", "values"), ["a", "b", ["c"]], "where a value of type str belongs"),
        (at("estimator", "classes", "values"), ["a"] * 999 + ["c" * 100_000], "far longer than the others"),
        (at("estimator", "several_labels"), 0, "'0' where a value of type bool belongs"),
        (at("estimator", "history", "stopped"), None, "'None' where a value of type str belongs"),
        (at("estimator", "history", "best_epoch"), 10**6, "1000000 as the best of "),
        (at("held_out", "rows"), "five", "'five' where a value of type int belongs"),
        (at("target"), None, "'None' where a value of type str belongs"),
        (at("settings"), [], "'[]' where a value of type dict belongs"),
    ]


def test_a_word_of_a_later_version_for_why_a_run_stopped_is_shown_as_it_is_in_every_form(path: Path) -> None:
    def later(header: dict[str, Any]) -> None:
        header["estimator"]["history"]["stopped"] = "<weary>"

    rewritten(path, "deltarule.json", later)
    loaded = load(path)
    assert "&lt;weary&gt;" in loaded.estimator.history_._repr_html_()
    X = loaded.encoder.transform(TABLE)
    assert "&lt;weary&gt;" in deltarule.report(loaded.estimator, X, list("abcabc"), samples=5).html()


@pytest.mark.parametrize(("put", "value", "message"), forgeries())
def test_a_forged_header_is_refused(path: Path, put: Any, value: Any, message: str) -> None:
    rewritten(path, "deltarule.json", lambda header: put(header, value))
    found = complaint(path)
    if message == "theta":  # of a network of 1e31 parameters
        message = "an array of shape (36,) where"
    assert message in found


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("theta", np.zeros(35), "shape (35,) where 36 finite numbers belong"),
        ("theta", np.zeros((6, 6)), "shape (6, 6) where 36"),
        ("theta", np.full(36, np.nan), "where 36 finite numbers belong"),
        ("theta", np.full(36, np.inf), "where 36 finite numbers belong"),
        ("theta", np.zeros(36, complex), "is not an array of float32 or float64"),
        ("theta", np.zeros(36, ">f8"), "is not an array of float32 or float64"),
        ("theta", np.zeros(36, int), "is not an array of float32 or float64"),
        ("theta", np.asfortranarray(np.zeros((6, 6))), "is not an array of float32 or float64"),
        ("medians", np.array([1e200]), "where 1 finite numbers belong"),
        ("deviations", np.zeros(2), "where 2 finite numbers belong"),
        ("history/cost", np.zeros(3), "columns differ in length"),
        ("history/cost", np.zeros(()), "cannot be put together"),
    ],
)
def test_an_array_that_does_not_fit_is_refused(path: Path, name: str, array: Array, message: str) -> None:
    path.write_bytes(archive_of({**members(path.read_bytes()), f"{name}.npy": npy(array)}))
    assert message in complaint(path)


def test_nothing_that_runs_code_happens_and_nothing_hangs_or_swells_in_a_hundred_forged_files() -> None:
    script = Path(__file__).parents[2] / "torture" / "start.py"
    done = subprocess.run([sys.executable, str(script), "model_files", "100", "7"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("model files, damaged or forged: 100 tries, 0 faults")


@pytest.mark.parametrize(
    "file", sorted((Path(__file__).parents[1] / "released").glob("*.model")), ids=lambda path: path.stem
)
def test_files_of_every_release_are_read_and_predict_what_they_did(file: Path) -> None:
    loaded = load(file)
    truth = pd.read_csv(file.with_suffix(".csv"))
    X = loaded.encoder.transform(truth)
    assert loaded.estimator.predict(X).tolist() == truth["predicted"].tolist()
    found = loaded.estimator.predict_proba(X)
    np.testing.assert_allclose(found, truth.filter(like="probability"), rtol=1e-12)
    assert loaded.version == file.stem


def test_there_is_a_file_of_this_version() -> None:
    assert (Path(__file__).parents[1] / "released" / f"{deltarule.__version__}.model").exists()


def test_a_file_without_its_parts_says_with_what_it_was_made(path: Path) -> None:
    rewritten(path, "deltarule.json", lambda header: header.pop("target"))
    assert "cannot be put together (KeyError: 'target'). It was made with deltarule" in complaint(path)


def test_a_model_that_a_file_does_not_take_is_refused_when_it_is_saved(tmp_path: Path) -> None:
    model = trained(list("ababab"), random_state=np.random.default_rng(0))
    with pytest.raises(ModelFileError, match=r"holds numpy\.random.* Keep to plain settings"):
        model.save(tmp_path / "model")
    assert not list(tmp_path.iterdir())


def test_a_model_replaces_the_one_before_whole(model: TableModel, path: Path) -> None:
    model.save(path)
    assert [other.name for other in path.parent.iterdir()] == ["model"]
    load(path)


def test_a_model_is_not_written_where_no_folder_is(model: TableModel, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"cannot be written \(No such file or directory\)"):
        model.save(tmp_path / "nowhere" / "model")
