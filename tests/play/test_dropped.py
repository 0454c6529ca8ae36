"""A model file that is dropped on the page opens as that of a path does, and what is none is said in a sentence."""

import base64
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from deltarule import MLPClassifier
from deltarule.files.archive import to_bytes
from deltarule.play import dropped
from deltarule.play.answering import answer_to
from deltarule.play.opening import open_scene
from deltarule.play.playing import opening_of
from deltarule.play.scene import Scene, Toy
from deltarule.play.session import Session

X, Y = np.random.default_rng(0).normal(size=(50, 3)), np.arange(50) % 2
TABLE = pd.DataFrame({"x1": X[:, 0], "x2": X[:, 1], "x3": X[:, 2], "y": Y}).to_csv(index=False)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "mine.deltarule"
    MLPClassifier(hidden_layer_sizes=(4,), max_iter=200, tol=1.0).fit(X, Y).save(path)
    return path


@pytest.fixture
def session() -> Iterator[Session]:
    made = Session(open_scene(Scene(data=Toy(n=20), hidden=(2,))))
    yield made
    made.close()


def dropping(data: bytes, **more: Any) -> dict[str, Any]:
    return {"ask": "open", "model_name": "mine.deltarule", "model": base64.b64encode(data).decode(), **more}


def test_a_dropped_model_opens_as_that_of_a_path_does(session: Session, file: Path) -> None:
    opened: Any = answer_to(session, dropping(file.read_bytes()))
    assert opened.kind == "opened"
    assert opened.data["name"] == "mine.deltarule"
    assert "mine.deltarule holds no rows" in opened.notices[0]
    again = opening_of(None, file)
    assert session.snapshot.place.theta.tobytes() == again.problem().start.state.theta.tobytes()
    np.testing.assert_array_equal(opened.X, again.dataset.X)


def test_a_model_that_is_dropped_with_its_table_is_looked_at_on_its_rows(session: Session, file: Path) -> None:
    request = dropping(file.read_bytes(), table_name="mine.csv", table_text=TABLE, target="y")
    opened: Any = answer_to(session, request)
    np.testing.assert_array_equal(opened.X, X)
    np.testing.assert_array_equal(opened.Y, Y)
    assert opened.notices == ()


def archive_of(**parts: str) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return data.getvalue()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda data: b"", r"^mine\.deltarule is not a model file: it is empty"),
        (lambda data: b"\x89PNG\r\n\x1a\n", r"^mine\.deltarule is not a model file: it begins with"),
        (lambda data: data[: len(data) // 2], r"^mine\.deltarule is a damaged model file: .* the end is missing"),
        (lambda data: data[:300] + bytes([data[300] ^ 1]) + data[301:], r"^mine\.deltarule is a damaged model file"),
        (lambda data: archive_of(word="no"), r"^mine\.deltarule is an archive of 1 files, but not a model"),
        (lambda data: to_bytes("model", 999, {}, {}), r"^mine\.deltarule was made .* format 999; .* Upgrade"),
        (lambda data: to_bytes("checkpoint", 1, {}, {}), r"^mine\.deltarule is a checkpoint, not a model"),
    ],
    ids=["empty", "a picture", "cut", "a wrong byte", "another archive", "from the future", "a checkpoint"],
)
def test_what_is_no_model_is_said_in_a_sentence_and_what_was_open_stays(
    session: Session, file: Path, change: Any, says: str
) -> None:
    before = session.snapshot
    failed: Any = answer_to(session, dropping(change(file.read_bytes())))
    assert failed.kind == "failed"
    with pytest.raises(ValueError, match=says):
        raise ValueError(failed.message)
    assert "/tmp" not in failed.message
    assert session.snapshot is before
    assert answer_to(session, {"ask": "step"}).step == 1  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"scene": "#s=x"}, "Give one of them"),
        ({"model": "no base64 at all"}, "did not arrive whole"),
        ({"model": "A" * (4 * -(-dropped.MOST_MODEL // 3) + 1)}, "Open it by deltarule play mine.deltarule"),
        ({"table_name": "t.csv", "table_text": "a,b\n1,2\n3,4\n"}, "the model takes 3"),
        ({"table_name": "t.csv", "table_text": "no table"}, "t.csv"),
        ({"model": 7}, "open.model"),
    ],
)
def test_what_does_not_fit_a_dropped_model_is_said(
    session: Session, file: Path, more: dict[str, Any], says: str
) -> None:
    before = session.snapshot
    failed: Any = answer_to(session, dropping(file.read_bytes(), **more))
    assert failed.kind == "failed"
    assert says in failed.message
    assert session.snapshot is before


def test_the_largest_model_that_is_taken_fits_into_a_request() -> None:
    from deltarule.play.server import MOST_BYTES

    assert 4 * dropped.MOST_MODEL / 3 < MOST_BYTES - 100_000
