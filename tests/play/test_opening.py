"""What can be opened: toys, points, tables, models, scenes; and a sentence for what cannot."""

import json
import stat
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import deltarule
from deltarule import MLPClassifier, MLPRegressor
from deltarule.common.errors import DeltaruleError, InputError, ModelFileError, TableError
from deltarule.play.answering import answer_to
from deltarule.play.answers import Opened
from deltarule.play.hosting import Page
from deltarule.play.opening import open_model, open_scene, open_table, open_text
from deltarule.play.playing import opening_of
from deltarule.play.scene import Scene, Table, scene_of_link
from deltarule.play.session import Session
from deltarule.tables.table_run import TableTask, learn, prepare


def houses(rows: int = 60) -> pd.DataFrame:
    draw = np.random.default_rng(0)
    size = draw.uniform(30, 200, rows)
    colour = np.array(["red", "blue", "green"])[draw.integers(3, size=rows)]
    price = 1000 * size + 5000 * (colour == "red") + draw.normal(scale=2000, size=rows)
    return pd.DataFrame({"size": size, "colour": colour, "price": price, "dear": np.where(price > 1e5, "yes", "no")})


def answers(opening: Any, *requests: dict[str, Any]) -> list[Any]:
    session = Session(opening)
    try:
        return [answer_to(session, request) for request in requests]
    finally:
        session.close()


def test_a_table_opens_with_the_rows_that_train_would_hold_out() -> None:
    opening = open_table(houses(), "houses.csv", "dear")
    prepared = prepare(houses(), TableTask("dear", holdout=0.2, seed=0))
    assert prepared.held_out is not None
    np.testing.assert_array_equal(opening.dataset.X[opening.dataset.is_held_out], prepared.held_out.X)
    np.testing.assert_array_equal(opening.dataset.X[~opening.dataset.is_held_out], prepared.training.X)
    assert opening.dataset.class_names == ("no", "yes")
    assert {column["name"] for column in opening.dataset.columns} == {"size", "colour", "price", "dear"}


def test_values_are_shown_in_the_units_of_their_columns() -> None:
    opening = open_table(houses(), "houses.csv", "price")
    place = [100.0, *[0.0] * (len(opening.dataset.features) - 1)]
    found, probed = answers(opening, {"ask": "open"}, {"ask": "probe", "x": place})
    column = found.data["features"].index("size")
    np.testing.assert_allclose(found.X[:, column], houses()["size"], rtol=1e-12)
    np.testing.assert_allclose(found.Y, houses()["price"], rtol=1e-12)
    assert found.data["quantity"]["mean"] == pytest.approx(float(houses()["price"].mean()), rel=0.1)
    assert probed.kind == "probed"
    assert probed.says.startswith("price = ")


def test_the_last_column_is_the_target_where_none_is_named_and_it_is_said() -> None:
    opening = open_table(houses(), "houses.csv")
    assert opening.scene.data.target == "dear"
    assert "'dear', the last one" in opening.dataset.notices[0]


def test_a_table_is_trained_and_its_target_changed() -> None:
    session = Session(open_table(houses(), "houses.csv", "dear"))
    try:
        for request in (
            {"ask": "step", "level": "epoch", "by": 3},
            {"ask": "set", "setting": "target", "value": "price"},
            {"ask": "step"},
        ):
            assert answer_to(session, request).kind == "done"
        found = answer_to(session, {"ask": "open"})
        assert isinstance(found, Opened)
        assert found.data["task"] == "regress"
        assert answer_to(session, {"ask": "set", "setting": "target", "value": "nothing"}).kind == "failed"
        assert answer_to(session, {"ask": "set", "setting": "split", "value": 0.5}).kind == "done"
        assert session.snapshot.opening.dataset.is_held_out.sum() in (29, 30, 31)
    finally:
        session.close()


def test_a_link_of_a_table_holds_no_row_and_asks_for_the_file() -> None:
    text = houses().to_csv(index=False)
    opening = open_text("houses.csv", text, "dear")
    scene = scene_of_link(opening.scene.to_link())
    assert isinstance(scene.data, Table)
    assert scene.data.columns == ("size", "colour", "price", "dear")
    assert str(houses()["size"][0])[:8] not in json.dumps(scene.to_content())
    with pytest.raises(InputError, match=r"about the table 'houses\.csv', which a link never holds"):
        open_scene(scene)
    again = open_text("houses.csv", text, None, scene)
    assert again.problem().start.state.theta.tobytes() == opening.problem().start.state.theta.tobytes()
    with pytest.raises(InputError, match="another one: its contents differ"):
        open_text("houses.csv", text.replace("red", "pink"), None, scene)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "x.csv"),
        ("a,b\n1,2\n3\n", "x.csv"),
        ("\x00\x01PNG", "x.csv"),
        ("a,b\n1,1\n2,1\n", "1 in every row"),
        ("<html><body>no</body></html>", "x.csv|column"),
    ],
)
def test_a_dropped_file_that_is_no_table_is_said_in_a_sentence(text: str, says: str) -> None:
    with pytest.raises((TableError, InputError), match=says):
        open_text("x.csv", text, None)


def test_a_table_that_is_too_large_to_drop_says_what_to_do() -> None:
    with pytest.raises(TableError, match=r"deltarule play big\.csv"):
        open_text("big.csv", "a,b\n" + "1,2\n" * 2_100_000, None)


@pytest.mark.parametrize("target", ["dear", "price"])
def test_a_model_opens_with_its_own_weights_and_predictions(target: str, tmp_path: Path) -> None:
    learnt = learn(prepare(houses(), TableTask(target)), {"hidden_layer_sizes": (5,), "max_iter": 20})
    path = tmp_path / "houses.deltarule"
    learnt.model.save(path)
    opening = opening_of(houses(), path)
    assert opening.problem().start.state.theta.astype(np.float64).tobytes() == learnt.model.estimator.theta_.tobytes()
    (found,) = answers(opening, {"ask": "predict", "most": 1000})
    predicted, _ = learnt.model.predict(houses())
    order = np.argsort(found.rows)
    shown = found.predicted[order]
    expected = predicted[f"predicted_{target}"]
    if target == "price":
        np.testing.assert_allclose(shown, expected, rtol=1e-9)
    else:
        assert [found.labels[int(n)] for n in shown] == expected.tolist()


def test_a_model_without_rows_gets_rows_that_are_said_to_be_drawn(tmp_path: Path) -> None:
    X, y = np.random.default_rng(0).normal(size=(50, 3)), np.arange(50) % 2
    classifier = MLPClassifier(hidden_layer_sizes=(4,), activation="relu", max_iter=300, tol=1.0).fit(X, y)
    opening = open_model(classifier, "mine")
    assert "mine holds no rows" in opening.dataset.notices[0]
    frame, lines = answers(opening, {"ask": "frame", "theta": True}, {"ask": "trace", "count": 5})
    assert frame.theta.tobytes() == classifier.theta_.tobytes()
    assert len(lines.lines) == 5
    frame = pd.DataFrame({"x1": X[:, 0], "x2": X[:, 1], "x3": X[:, 2], "y": y})
    beside = opening_of(frame, classifier)
    assert (beside.dataset.y == y).all()
    assert answers(beside, {"ask": "frame"})[0].kind == "frame", "columns of a frame are not rows in memory"
    path = tmp_path / "mine.deltarule"
    classifier.save(path)
    assert opening_of(None, path).dataset.name == "mine.deltarule"


def test_a_model_is_trained_on_with_its_own_settings() -> None:
    X = np.random.default_rng(0).normal(size=(40, 2))
    regressor = MLPRegressor(hidden_layer_sizes=(3,), solver="sgd", learning_rate_init=0.02, max_iter=300, tol=1.0)
    regressor.fit(X, X[:, 0])
    frame = pd.DataFrame({"x1": X[:, 0], "x2": X[:, 1], "y": X[:, 0]})
    done, opened = answers(open_model(regressor, "r", frame), {"ask": "step", "by": 5}, {"ask": "open"})
    assert done.step == 5
    values = {setting["name"]: setting["value"] for setting in opened.settings}
    assert (values["solver"], values["learning_rate_init"]) == ("sgd", 0.02)


def test_what_cannot_be_opened_says_why(tmp_path: Path) -> None:
    future = tmp_path / "future.deltarule"
    from deltarule.files.archive import to_bytes

    future.write_bytes(to_bytes("model", 999, {}, {}))
    several = MLPClassifier(max_iter=300, tol=9.0).fit(np.eye(4), np.array([[0, 1], [1, 0], [1, 1], [0, 0]]))
    wrong: list[tuple[Any, type[Exception], str]] = [
        (lambda: opening_of(None, future), ModelFileError, "newer|999"),
        (lambda: opening_of(None, tmp_path / "none.deltarule"), ModelFileError, "does not exist"),
        (lambda: opening_of("none.csv"), TableError, "does not exist"),
        (lambda: opening_of(None, several), InputError, "several labels"),
        (lambda: opening_of(None, 3), InputError, "cannot be shown"),
        (lambda: opening_of(None, MLPClassifier()), InputError, "a model that `deltarule train` made"),
        (lambda: opening_of(scene="no-such-file"), InputError, "no scene file"),
        (lambda: opening_of((np.eye(3), np.zeros(2))), InputError, "shape"),
        (lambda: opening_of(houses(), target="cost"), TableError, "no column"),
        (lambda: opening_of(target="cost"), InputError, "Give the table too"),
        (lambda: opening_of(None, several, scene=Scene()), InputError, "both"),
    ]
    for make, error, says in wrong:
        with pytest.raises(error, match=says):
            make()


def test_arrays_open_as_a_table() -> None:
    opening = opening_of((np.random.default_rng(0).normal(size=(30, 4)), np.arange(30) % 3))
    assert opening.dataset.features == ("x1", "x2", "x3", "x4")
    assert len(opening.dataset.class_names) == 3


def test_a_scene_file_opens_at_its_step(tmp_path: Path) -> None:
    path = tmp_path / "scene.json"
    path.write_text(json.dumps(Scene(hidden=(3,), seed=4).to_content()), encoding="utf-8")
    assert opening_of(scene=path).scene == Scene(hidden=(3,), seed=4)
    assert opening_of(scene="http://x/#" + Scene(seed=9).to_link()).scene.seed == 9
    path.write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match="not whole"):
        opening_of(scene=path)


def test_play_is_a_function_that_returns_an_open_page() -> None:
    with deltarule.play(browser=False) as page:
        assert isinstance(page, Page)
        assert str(page.session.snapshot.problem.network) == "2-8-8-3"
        assert page.session.snapshot.paused_because == "start"
        assert page.url in repr(page)
    with pytest.raises(DeltaruleError, match="closed"):
        page.session.open(lambda: open_scene(Scene()))


def test_the_browser_gets_a_private_file_and_no_token_on_a_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    monkeypatch.setenv("BROWSER", "true")

    def open_(url: str) -> bool:
        shown.append(url)
        return True

    monkeypatch.setattr("webbrowser.open", open_)
    with deltarule.play() as page:
        assert len(shown) == 1
        assert "t=" not in shown[0]
        path = Path(shown[0].removeprefix("file://"))
        assert page.url.replace("&", "&amp;") in path.read_text("utf-8")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not path.exists()


def test_without_a_browser_the_page_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    with Page(open_scene(Scene())) as page:
        assert page.show() is False
