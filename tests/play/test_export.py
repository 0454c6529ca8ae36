"""What is taken away from the page: it opens, runs, and predicts the same."""

import csv
import io
import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import deltarule
from deltarule import Unit, cost
from deltarule.play.answering import answer_to
from deltarule.play.answers import Exported, Failed
from deltarule.play.numpy_parts import HIDDEN
from deltarule.play.opening import Opening, open_scene, open_text, parse_scene
from deltarule.play.scene import Scene, Toy
from deltarule.play.session import Session
from deltarule.play.snapshot import Snapshot
from played import small_scene


def taken(opening: Opening, kind: str, *before: dict[str, Any], weights: bool = False) -> tuple[Snapshot, Exported]:
    """Return the snapshot after some requests, and what is exported of it."""
    session = Session(opening)
    try:
        for request in before:
            assert not isinstance(answer_to(session, request), Failed)
        found = answer_to(session, {"ask": "export", "kind": kind, "weights": weights})
        assert isinstance(found, Exported), found
        return session.snapshot, found
    finally:
        session.close()


def seek(step: int) -> dict[str, Any]:
    return {"ask": "seek", "step": step}


EDIT = {"ask": "edit", "layer": 1, "i": 1, "j": 0, "value": 0.25}


def ran(program: Exported, folder: Path, ending: str) -> dict[str, Any]:
    """Run a program in a Python of its own, and return what it left."""
    path, left = folder / "program.py", folder / "left.npz"
    path.write_bytes(program.bytes.tobytes() + ending.replace("LEFT", repr(str(left))).encode())
    run = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    return {**np.load(left), "printed": run.stdout}


@pytest.mark.parametrize(
    ("training", "more"),
    [
        ({"solver": "sgd", "learning_rate": "cosine", "max_iter": 30}, {}),
        ({"solver": "adam", "alpha": 0.1}, {"data": Toy(name="moons", n=60), "unit": "relu"}),
        ({"solver": "lbfgs"}, {"data": Toy(name="wave", n=40), "unit": "leaky_relu:0.2"}),
        ({"solver": "sgd", "dropout": 0.2}, {"unit": "tanh,logistic"}),
    ],
)
def test_the_program_of_deltarule_learns_the_same_bits(training: Any, more: Any, tmp_path: Path) -> None:
    snapshot, program = taken(open_scene(small_scene(training, **more)), "python", seek(12))
    found = ran(program, tmp_path, "\nnp.savez(LEFT, theta=model.theta_)\n")
    assert found["theta"].tobytes() == snapshot.place.theta.tobytes()
    assert "score" in found["printed"]


def test_the_program_of_an_edited_run_begins_with_its_weights(tmp_path: Path) -> None:
    snapshot, program = taken(open_scene(small_scene()), "python", seek(5), EDIT, seek(9))
    found = ran(program, tmp_path, "\nnp.savez(LEFT, theta=model.theta_, h=model.predict_proba(X))\n")
    assert found["theta"].tobytes() == snapshot.theta.tobytes()


@pytest.mark.parametrize(
    ("training", "more"),
    [
        ({"solver": "sgd", "learning_rate": "one_cycle", "max_iter": 30}, {}),
        ({"solver": "adam", "alpha": 0.1}, {"data": Toy(name="moons", n=60), "unit": "elu:0.5,softplus"}),
        ({"solver": "gd", "learning_rate": "invscaling"}, {"data": Toy(name="wave", n=40), "unit": "silu"}),
        ({"solver": "sgd", "nesterovs_momentum": False}, {"data": Toy(name="bars", n=80), "output": "sigmoid"}),
    ],
)
def test_the_program_in_numpy_takes_the_same_steps(training: Any, more: Any, tmp_path: Path) -> None:
    snapshot, program = taken(open_scene(small_scene(training, **more)), "python_numpy", seek(31))
    assert "deltarule import" not in program.text
    found = ran(program, tmp_path, "\nnp.savez(LEFT, theta=theta, J=J)\n")
    np.testing.assert_allclose(found["theta"], snapshot.theta, rtol=1e-8, atol=1e-10)
    problem = snapshot.problem
    J = cost(problem.network, snapshot.theta, problem.training.X, problem.training.Y, lambda_=problem.settings.alpha)
    assert float(found["J"]) == pytest.approx(J, rel=1e-9)


@pytest.mark.parametrize("more", [{}, {"data": Toy(name="moons", n=60)}, {"data": Toy(name="wave", n=40)}])
def test_the_program_of_scikit_learn_trains_and_predicts_the_same_with_the_weights(more: Any, tmp_path: Path) -> None:
    scene = small_scene({"solver": "adam", "alpha": 0.3}, **more)
    snapshot, program = taken(open_scene(scene), "python_sklearn", seek(20))
    ending = "\nanswer = model.predict_proba(X) if hasattr(model, 'predict_proba') else model.predict(X)\n"
    found = ran(program, tmp_path, ending + "np.savez(LEFT, answer=answer)\n")
    h = snapshot.h[snapshot.opening.dataset.training]
    expected = h[:, 0] if scene.data.name == "wave" else np.column_stack([1 - h, h]) if h.shape[1] == 1 else h
    np.testing.assert_allclose(found["answer"], expected, rtol=1e-9, atol=1e-12)
    rows = snapshot.problem.training.rows
    assert f"alpha = 0.3 · 16/{rows}" in program.text


def test_what_scikit_learn_lacks_is_said() -> None:
    for training, more, says in (
        ({}, {"unit": "gelu"}, "gelu"),
        ({"solver": "gd"}, {}, "no solver 'gd'"),
        ({}, {"output": "sigmoid"}, "Take softmax"),
    ):
        session = Session(open_scene(small_scene(training, **more)))
        found = answer_to(session, {"ask": "export", "kind": "python_sklearn"})
        session.close()
        assert isinstance(found, Failed)
        assert says in found.message


def test_a_link_leads_to_the_same_bits_and_one_with_weights_begins_with_them() -> None:
    snapshot, link = taken(open_scene(small_scene()), "link", seek(17))
    scene = parse_scene(link.text)
    assert scene.at.step == 17
    again, _ = taken(open_scene(scene), "link", seek(17))
    assert again.theta.tobytes() == snapshot.theta.tobytes()
    snapshot, link = taken(open_scene(small_scene()), "link", seek(5), EDIT, weights=True)
    there, _ = taken(open_scene(parse_scene(link.text)), "link")
    assert there.theta.tobytes() == snapshot.theta.tobytes()
    _, plain = taken(open_scene(small_scene()), "link", seek(5), EDIT)
    assert "take it with weights" in plain.note


def test_a_long_link_says_to_take_the_file() -> None:
    _, link = taken(open_scene(Scene(hidden=(30, 30))), "link", weights=True)
    assert "take the scene file" in link.note
    _, file = taken(open_scene(Scene(hidden=(30, 30))), "scene", weights=True)
    assert parse_scene(file.bytes.tobytes().decode()).theta


def test_the_model_predicts_what_the_page_predicts(tmp_path: Path) -> None:
    snapshot, model = taken(open_scene(small_scene()), "model", seek(30))
    path = tmp_path / model.name
    path.write_bytes(model.bytes.tobytes())
    estimator: Any = deltarule.load(path)
    X = snapshot.opening.dataset.X
    np.testing.assert_allclose(estimator.predict_proba(X), snapshot.h, rtol=1e-12)


def test_the_model_of_a_table_predicts_the_table(tmp_path: Path) -> None:
    text = "size,colour,dear\n" + "".join(
        f"{n},{'red' if n % 3 else 'blue'},{'yes' if n > 20 else 'no'}\n" for n in range(40)
    )
    snapshot, model = taken(open_text("t.csv", text, "dear"), "model", seek(100))
    path = tmp_path / "m.deltarule"
    path.write_bytes(model.bytes.tobytes())
    loaded: Any = deltarule.load(path)
    table = snapshot.opening.table
    predicted, _ = loaded.predict(table)
    names = snapshot.opening.dataset.class_names
    assert predicted["predicted_dear"].tolist() == [names[int(h[0] >= 0.5)] for h in snapshot.h]


def test_the_table_of_a_run_has_a_row_for_each_step() -> None:
    snapshot, file = taken(open_scene(small_scene({"alpha": 0.1})), "csv", seek(14))
    rows = list(csv.DictReader(io.StringIO(file.bytes.tobytes().decode())))
    assert [int(row["step"]) for row in rows] == list(range(15))
    theta = np.array([float(value) for name, value in rows[-1].items() if name.startswith("Theta")])
    assert theta.tobytes() == snapshot.theta.tobytes()
    assert snapshot.costs is not None
    assert float(rows[-1]["J"]) == snapshot.costs.train
    assert float(rows[-1]["held_out_cost"]) == snapshot.costs.held_out
    _, branched = taken(open_scene(small_scene()), "csv", seek(4), EDIT, seek(8))
    assert "branches" in branched.note


def test_numbers_come_as_json() -> None:
    snapshot, file = taken(open_scene(small_scene()), "json", seek(3))
    content = json.loads(file.bytes.tobytes())
    theta = np.concatenate([np.ravel(Theta) for Theta in content["Theta"]])
    assert theta.tobytes() == snapshot.theta.tobytes()
    assert content["network"]["sizes"] == [2, 4, 3, 3]


def test_the_picture_is_svg_with_an_edge_for_each_weight_that_is_shown() -> None:
    snapshot, file = taken(open_scene(small_scene()), "svg", seek(3))
    root = ET.fromstring(file.bytes.tobytes().decode())
    name = "{http://www.w3.org/2000/svg}"
    lines = root.findall(f"{name}line")
    assert len(lines) == snapshot.problem.network.n_parameters
    negative = int((snapshot.theta < 0).sum())
    assert sum("stroke-dasharray" in line.attrib for line in lines) == negative
    _, large = taken(open_scene(Scene(data=Toy(name="bars", n=100), hidden=(60,))), "svg")
    assert "more" in large.bytes.tobytes().decode()


def test_a_recording_is_one_page_without_requests() -> None:
    _, file = taken(open_scene(small_scene()), "html", seek(6))
    text = file.bytes.tobytes().decode()
    assert text.startswith("<!doctype html>")
    assert "http://" not in text.replace("http://www.w3.org/", "")
    assert file.name.endswith(".html")


@pytest.mark.parametrize("name", sorted(HIDDEN))
def test_units_of_the_program_in_numpy_are_those_of_the_library(name: str) -> None:
    unit, z = Unit(name), np.linspace(-6, 6, 101)
    g, slope = (eval(text, {"np": np}) for text in HIDDEN[name])  # of this library, in its tests
    np.testing.assert_allclose(g(z, *unit.numbers), unit.g(z), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(slope(z, unit.g(z), *unit.numbers), unit.derivative(z, unit.g(z)), rtol=1e-9, atol=1e-14)


def test_an_export_that_there_is_not_is_said_with_those_that_there_are() -> None:
    session = Session(open_scene(small_scene()))
    found = answer_to(session, {"ask": "export", "kind": "exe"})
    session.close()
    assert isinstance(found, Failed)
    assert "link, scene, model" in found.message


def test_names_of_data_cannot_break_out_of_a_program(tmp_path: Path) -> None:
    text = '"a""""\nimport os",b,y\n' + "".join(f"{n},{n % 7},{n % 2}\n" for n in range(30))
    snapshot, program = taken(open_text('x"""y.csv', text, "y"), "python", seek(20))
    found = ran(program, tmp_path, "\nnp.savez(LEFT, theta=model.theta_)\n")
    assert len(found["theta"]) == snapshot.problem.network.n_parameters
