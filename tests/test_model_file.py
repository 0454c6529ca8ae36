"""Model files: the same bits come back, and nothing else than a model is loaded."""

import io
import json
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import skops.io

import deltarule
from deltarule import MLPClassifier
from deltarule.errors import ModelFileError, OutputError
from deltarule.model_file import FORMAT, HeldOut, Model, load, save
from deltarule.tables import TableEncoder

TABLE = pd.DataFrame(
    {
        "size": [1.0, 2.0, np.nan, 4.0, 5.0, 7.0],
        "colour": ["red", None, "blue", "red", "blue", "blue"],
        "old": [True, False, True, True, False, False],
    }
)


def trained(labels: list[Any], **parameters: Any) -> Model:
    encoder = TableEncoder.fit(TABLE)
    classifier = MLPClassifier((3,), **{"solver": "lbfgs", "random_state": 0, **parameters})
    classifier.fit(encoder.transform(TABLE), labels)
    return Model(encoder, classifier, "y", seed=3, settings={"alpha": 0.5}, held_out=HeldOut(5, 0.8, 0.25))


@pytest.fixture(scope="module")
def model() -> Model:
    return trained(["a", "b", "c", "a", "b", "c"])


@pytest.fixture
def path(model: Model, tmp_path: Path) -> Path:
    save(tmp_path / "model", model)
    return tmp_path / "model"


def rewritten(path: Path, member: str, change: Callable[[dict[str, Any]], object]) -> Path:
    """Write the file again with one JSON member changed."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    content = json.loads(members[member])
    change(content)
    members[member] = json.dumps(content).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def complaint(path: Path) -> str:
    with pytest.raises(ModelFileError) as caught:
        load(path)
    return str(caught.value)


@pytest.mark.parametrize("labels", [list("abcabc"), [0, 1, 2, 0, 1, 2], [True, False] * 3, ["yes", "no"] * 3])
def test_a_loaded_model_predicts_the_same_bits(labels: list[Any], tmp_path: Path) -> None:
    model = trained(labels)
    save(tmp_path / "model", model)
    loaded = load(tmp_path / "model")
    new = pd.DataFrame({"old": [True, None], "size": [np.nan, 3.5], "colour": ["green", None]})
    X, X_loaded = model.encoder.transform(new), loaded.encoder.transform(new)
    assert np.array_equal(X, X_loaded)
    assert np.array_equal(model.classifier.predict_proba(X), loaded.classifier.predict_proba(X))
    assert model.classifier.predict(X).tolist() == loaded.classifier.predict(X).tolist()
    assert loaded.classifier.classes_.dtype == model.classifier.classes_.dtype


def test_everything_else_comes_back_too(model: Model, path: Path) -> None:
    loaded = load(path)
    assert (loaded.target, loaded.seed, loaded.settings) == ("y", 3, {"alpha": 0.5})
    assert loaded.held_out == HeldOut(5, 0.8, 0.25)
    assert loaded.version == deltarule.__version__
    assert loaded.encoder.kinds == model.encoder.kinds
    assert loaded.classifier.network_ == model.classifier.network_
    assert loaded.classifier.get_params() == model.classifier.get_params()
    assert np.array_equal(loaded.classifier.history_.cost, model.classifier.history_.cost)


@pytest.mark.parametrize("columns", [["size"], ["colour"]])
def test_tables_of_numbers_only_or_words_only_come_back(columns: list[str], tmp_path: Path) -> None:
    encoder = TableEncoder.fit(TABLE[columns])
    X = encoder.transform(TABLE)
    save(tmp_path / "model", Model(encoder, MLPClassifier((2,), solver="lbfgs").fit(X, list("ababab")), "y", seed=0))
    assert np.array_equal(load(tmp_path / "model").encoder.transform(TABLE), X)


@pytest.mark.parametrize("solver", ["adam", "sgd", "cg", "gd"])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_every_solver_leaves_a_model_that_a_file_takes(solver: str, tmp_path: Path) -> None:
    model = trained(list("ababab"), solver=solver, max_iter=3, activation=["tanh"], alpha=np.float64(0.1))
    save(tmp_path / "model", model)
    assert np.array_equal(load(tmp_path / "model").classifier.theta_, model.classifier.theta_)


def test_target_is_read_as_text_only_where_labels_are_words(model: Model) -> None:
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


@pytest.mark.parametrize("share", [0.02, 0.5, 0.9, 0.999])
def test_a_truncated_file_is_called_damaged(path: Path, share: float) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    assert f"is a damaged model file: of its {int(share * len(data))} bytes" in complaint(path)


def test_no_wrong_byte_gets_through(model: Model, path: Path) -> None:
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
        assert np.array_equal(loaded.classifier.predict_proba(X), model.classifier.predict_proba(X))


def test_a_newer_format_names_its_version_and_the_remedy(path: Path) -> None:
    rewritten(path, "deltarule.json", lambda header: header.update(format=FORMAT + 1, deltarule="9.1"))
    message = complaint(path)
    assert f"was made by deltarule 9.1 in format {FORMAT + 1}; this is deltarule {deltarule.__version__}" in message
    assert "Upgrade: pip install --upgrade deltarule" in message


def test_a_newer_format_is_recognised_before_anything_else_is_read(path: Path) -> None:
    rewritten(path, "schema.json", lambda schema: schema.clear())
    rewritten(path, "deltarule.json", lambda header: header.update(format=FORMAT + 1))
    assert "Upgrade" in complaint(path)


@pytest.mark.parametrize(
    "node",
    [
        {"__class__": "system", "__module__": "posix", "__loader__": "FunctionNode", "content": "system"},
        {"__class__": "Popen", "__module__": "subprocess", "__loader__": "ObjectNode", "content": None},
        {"__class__": "dict", "__module__": "builtins", "__loader__": "MethodNode", "content": {}},
        {"__class__": "FunctionTransformer", "__module__": "sklearn.preprocessing", "__loader__": "ObjectNode"},
    ],
)
def test_a_foreign_type_is_never_loaded(path: Path, node: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    rewritten(path, "schema.json", lambda schema: schema["content"].update(more={"__id__": 1, **node}))
    monkeypatch.setattr(skops.io, "loads", lambda *_, **__: pytest.fail("skops was asked to load it"))
    message = complaint(path)
    assert f"{node['__module__']}.{node['__class__']}" in message
    assert "Nothing was loaded" in message


def test_a_skops_file_that_runs_a_program_is_refused(tmp_path: Path, model: Model) -> None:
    data = io.BytesIO(skops.io.dumps({"encoder": model.encoder, "classifier": os.system}))
    with zipfile.ZipFile(data, "a") as archive:
        archive.writestr("deltarule.json", json.dumps({"format": FORMAT, "deltarule": "0.1.0"}))
    (tmp_path / "model").write_bytes(data.getvalue())
    assert "posix.system" in complaint(tmp_path / "model")


def test_a_file_without_its_parts_says_with_what_it_was_made(path: Path) -> None:
    rewritten(path, "deltarule.json", lambda header: header.pop("target"))
    assert "cannot be put together (KeyError: 'target'). It was made with deltarule" in complaint(path)


def test_a_model_that_a_file_does_not_take_is_refused_when_it_is_saved(tmp_path: Path) -> None:
    model = trained(list("ababab"), random_state=np.random.default_rng(0))
    with pytest.raises(ModelFileError, match=r"holds numpy\.random.* Keep to plain settings"):
        save(tmp_path / "model", model)
    assert not list(tmp_path.iterdir())


def test_a_model_replaces_the_one_before_whole(model: Model, path: Path) -> None:
    save(path, model)
    assert [other.name for other in path.parent.iterdir()] == ["model"]
    load(path)


def test_a_model_is_not_written_where_no_folder_is(model: Model, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"cannot be written \(No such file or directory\)"):
        save(tmp_path / "nowhere" / "model", model)
