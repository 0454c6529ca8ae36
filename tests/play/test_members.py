"""One member of networks that predict a table together, watched with its first floor."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import deltarule
from deltarule import TableClassifier, TableRegressor, hypothesis
from deltarule.cli import app
from deltarule.common.errors import InputError
from deltarule.network.backpropagation import forward
from deltarule.play.answering import answer_to
from deltarule.play.following import follow
from deltarule.play.lines import lines_of
from deltarule.play.maps import grid_of
from deltarule.play.opening import Opening, open_model, open_table
from deltarule.play.playing import opening_of
from deltarule.play.requests import Seek, Trace
from deltarule.play.session import Session
from equations import evaluated, rounding_of
from followed import every_line, learnt_example

TOWNS = list("abcdefghij")


def houses() -> pd.DataFrame:
    generator = np.random.default_rng(5)
    table = pd.DataFrame(
        {
            "size": generator.normal(100, 30, 120),
            "rooms": generator.integers(1, 6, 120),
            "town": generator.choice(TOWNS, 120),
            "garden": generator.choice(["yes", "no"], 120),
        }
    )
    price = 3 * table["size"] + 40 * (table["town"] < "d") + generator.normal(0, 5, 120)
    return table.assign(price=price, dear=np.where(price > 310, "dear", "cheap"))


@pytest.fixture(scope="module")
def classifier() -> Any:
    table = houses()
    model = TableClassifier(n_members=2, hidden_layer_sizes=(8, 6), epochs=3, random_state=0)
    return model.fit(table.drop(columns=["price", "dear"]), table["dear"])


@pytest.fixture(scope="module")
def regressor() -> Any:
    table = houses()
    model = TableRegressor(n_members=2, hidden_layer_sizes=(7,), epochs=3, random_state=0)
    return model.fit(table.drop(columns=["price", "dear"]), table["price"])


def with_rows(model: Any, member: int | None = None) -> Opening:
    target = "dear" if isinstance(model, TableClassifier) else "price"
    return open_model(model, "houses", houses(), target, member)


@pytest.mark.parametrize("member", [1, 2])
def test_a_member_has_its_own_weights_and_predictions_on_the_rows_of_the_table(classifier: Any, member: int) -> None:
    opening = with_rows(classifier, member)
    snapshot = Session(opening).snapshot
    theta = classifier.thetas_[member - 1].astype(np.float64)
    np.testing.assert_array_equal(snapshot.theta, theta)
    X = classifier.columns_.encode(houses())[0]
    np.testing.assert_allclose(snapshot.h, hypothesis(classifier.network_, theta, X), rtol=1e-9)
    assert opening.dataset.class_names == ("cheap", "dear")
    assert f"member {member} of 2" in opening.dataset.notices[0]
    assert len(set(map(type, classifier.network_.parts))) > 2  # a floor, scales, layers, learnt units


def test_the_first_member_is_opened_where_none_is_named(classifier: Any) -> None:
    assert with_rows(classifier).member == 1


def test_another_member_is_chosen_on_the_page_and_begins_anew(classifier: Any) -> None:
    session = Session(with_rows(classifier, 1))
    try:
        answer_to(session, {"ask": "seek", "step": 3})
        assert answer_to(session, {"ask": "set", "setting": "member", "value": 2}).kind == "done"
        opened = answer_to(session, {"ask": "open"})
        assert (opened.data["member"], opened.data["members"]) == (2, 2)  # type: ignore[union-attr]
        assert session.snapshot.step == 0
        np.testing.assert_array_equal(session.snapshot.theta, classifier.thetas_[1])
        for value, says in ((3, "no member 3: the model has 2"), ("2", "whole number of 1 to 2"), (True, "whole")):
            refused = answer_to(session, {"ask": "set", "setting": "member", "value": value})
            assert says in refused.message  # type: ignore[union-attr]
        refused = answer_to(session, {"ask": "set", "setting": "hidden", "value": [3]})
        assert "network of a member" in refused.message  # type: ignore[union-attr]
    finally:
        session.close()


@pytest.mark.parametrize("kind", ["classifier", "regressor"])
def test_a_member_learns_on_forwards_and_back_to_the_same_bits(kind: str, request: pytest.FixtureRequest) -> None:
    session = Session(with_rows(request.getfixturevalue(kind), 2))
    try:
        costs: list[float] = []
        bits: dict[int, bytes] = {}
        for step in (0, 10, 60, 10, 0):
            snapshot = session.do(Seek(step=step))
            assert snapshot.costs is not None
            costs.append(snapshot.costs.train)
            assert bits.setdefault(step, snapshot.theta.tobytes()) == snapshot.theta.tobytes()
        assert costs[2] < costs[0]
        assert answer_to(session, {"ask": "check"}).passed  # type: ignore[union-attr]
    finally:
        session.close()


def test_quantities_of_a_member_are_in_their_own_units(regressor: Any) -> None:
    session = Session(with_rows(regressor, 1))
    session.close()
    dataset = session.snapshot.opening.dataset
    np.testing.assert_allclose(dataset.numbers, houses()["price"], rtol=1e-9)
    assert dataset.deviation > 10


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
@pytest.mark.parametrize("kind", ["classifier", "regressor"])
def test_lines_of_a_member_are_of_whole_layers_and_true(kind: str, solver: str, request: pytest.FixtureRequest) -> None:
    session = Session(with_rows(request.getfixturevalue(kind), 1))
    try:
        answer_to(session, {"ask": "set", "setting": "solver", "value": solver})
        answer_to(session, {"ask": "set", "setting": "alpha", "value": 0.5})
        snapshot, after = session.do(Seek(step=4)), session.do(Seek(step=5))
        example = learnt_example(snapshot)
        network = snapshot.problem.network
        found = follow(snapshot, example)
        _, a = forward(network, network.roll(snapshot.theta), snapshot.opening.dataset.X[example - 1][np.newaxis])
        for here, there in zip(found.a[:-1], a, strict=False):
            np.testing.assert_allclose(here, there[0], rtol=1e-12)
        assert found.new_theta is not None
        np.testing.assert_allclose(found.new_theta, after.theta, rtol=1e-9, atol=1e-12)
        for level in ("unit", "network"):
            count = 0
            for line in every_line(snapshot, example=example, level=level):
                count += 1
                assert evaluated(line.numbers) == pytest.approx(line.value, rel=1e-9, abs=1e-9), line
                shown, bound = rounding_of(line.numbers)
                assert abs(shown - line.value) <= 1.01 * bound + 1e-9 * abs(line.value) + 1e-9, line
            assert count > (4 * network.L if level == "unit" else 4)
        assert "of whole layers" in lines_of(snapshot, Trace(example=example)).note
        refused = answer_to(session, {"ask": "trace", "example": example, "what_if": [["λ", 0, 0, -1, 1.0]]})
        assert "What if is for networks of layers of units" in refused.message  # type: ignore[union-attr]
    finally:
        session.close()


def test_every_picture_and_file_of_a_member_is_made_or_refused_in_a_sentence(classifier: Any) -> None:
    session = Session(with_rows(classifier, 2))
    try:
        whole = {"ask": "frame", "map": "decision", "size": 20, "strongest": 400, "thumbnails": 12}
        frame: Any = answer_to(session, whole)
        network = session.snapshot.problem.network
        assert len(frame.thumbnails) == sum(network.sizes[1:])
        thetas = network.roll(session.snapshot.theta)
        for (layer, i, j), (weight, _) in zip(frame.edges, frame.edge_values, strict=True):
            assert weight == thetas[layer - 1][i - 1, j]
        assert answer_to(session, {"ask": "probe", "x": [0.0] * network.sizes[0]}).kind == "probed"
        assert answer_to(session, {"ask": "predict"}).kind == "predictions"
        session.do(Seek(step=3))
        for kind in ("json", "csv", "svg", "html"):
            answer: Any = answer_to(session, {"ask": "export", "kind": kind})
            assert answer.kind == "exported", answer
        for kind in ("link", "model", "python", "python_numpy"):
            answer = answer_to(session, {"ask": "export", "kind": kind})
            assert "cannot be taken away" in answer.message
        answer = answer_to(session, {"ask": "edit", "layer": 1, "i": 1, "j": 1, "value": 0.5})
        assert "no weights that can be edited" in answer.message
        assert answer_to(session, {"ask": "edit", "layer": 3, "i": 1, "j": 1, "value": 0.5}).kind == "done"
    finally:
        session.close()


def test_words_with_a_vector_are_whole_numbers_on_a_map(classifier: Any) -> None:
    dataset = with_rows(classifier).dataset
    (code,) = dataset.codes
    grid = grid_of(dataset, (1, code + 1), 0, 30)
    assert set(np.unique(grid.X[:, code])) <= set(range(len(TOWNS)))
    middle = grid_of(dataset, (1, 2), 0, 5).X[:, code]
    assert (middle == np.rint(middle)).all()


def test_a_saved_model_opens_without_rows_and_says_that_they_are_drawn(classifier: Any, tmp_path: Path) -> None:
    path = tmp_path / "houses.deltarule"
    classifier.save(path)
    opening = opening_of(None, path, member=2)
    assert opening.member == 2
    assert "are drawn" in " ".join(opening.dataset.notices)
    opening.problem()


def test_play_opens_the_member_that_is_named(classifier: Any) -> None:
    with deltarule.play(houses(), classifier, target="dear", member=2, browser=False) as page:
        assert page.session.snapshot.opening.member == 2
        np.testing.assert_array_equal(page.session.snapshot.theta, classifier.thetas_[1])


def test_a_member_that_there_is_not_is_said(classifier: Any, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no member 3: the model has 2, from 1 to 2"):
        with_rows(classifier, 3)
    with pytest.raises(InputError, match="a model whose networks predict together"):
        opening_of(houses(), member=1)
    session = Session(open_table(houses(), target="dear"))
    answer: Any = answer_to(session, {"ask": "set", "setting": "member", "value": 1})
    session.close()
    assert "one network here" in answer.message
    path = tmp_path / "houses.deltarule"
    classifier.save(path)
    result = CliRunner().invoke(app, ["play", "--no-browser", str(path), "--member", "7"])
    assert result.exit_code == 1
    assert "no member 7" in " ".join(result.output.split())


def test_members_whose_outputs_are_of_another_kind_are_refused_in_a_sentence() -> None:
    table = houses()
    model = TableRegressor(n_members=1, hidden_layer_sizes=(4,), epochs=1, loss="huber", random_state=0)
    model.fit(table.drop(columns=["price", "dear"]), table["price"])
    with pytest.raises(InputError, match="of the kind 'huber' cannot be shown yet"):
        open_model(model, "houses", table, "price")
