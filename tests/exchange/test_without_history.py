"""What is seen of a network works on one that came from elsewhere, whose history has no epochs."""

from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest

import deltarule
from deltarule import pictures
from deltarule.explain import explain
from foreign_examples import EXAMPLES, FILES, Example

ONE_A_FORMAT = ("three.rds", "two.rds", "symlin.net", "fix.yml", "num.txt", "iris3.txt", "fix.keras", "fix.h5",
                "t2.safetensors", "sk3.onnx", "t2l.onnx", "hand_cls_if.pmml", "bin.pmml")  # fmt: skip
PICKED = [example for example in EXAMPLES if example.file in ONE_A_FORMAT]


def rows_for(estimator: Any) -> tuple[Any, Any]:
    """Return rows of numbers, and targets that the network does not hit."""
    generator = np.random.default_rng(0)
    X = generator.uniform(-1, 1, (12, estimator.n_features_in_))
    if not hasattr(estimator, "classes_"):
        return X, np.abs(estimator.predict(X)) + 0.5
    if estimator.several_labels_:
        return X, generator.integers(0, 2, (12, len(estimator.classes_)))
    return X, estimator.classes_[np.arange(12) % len(estimator.classes_)]


def test_every_format_is_tried() -> None:
    assert {one.file for one in PICKED} == set(ONE_A_FORMAT)


@pytest.mark.parametrize("example", PICKED, ids=lambda example: example.file)
def test_an_imported_network_is_traced_explained_checked_drawn_and_reported_on(
    example: Example, tmp_path: Path
) -> None:
    estimator: Any = deltarule.read_foreign(FILES / example.file, **example.said).estimator
    assert estimator.n_iter_ == 0
    assert len(estimator.history_.cost) == 0
    X, y = rows_for(estimator)
    whole, one = estimator.trace(X, y), estimator.trace(X[0], y[0])
    z = one.z[-1] if isinstance(one.z, list | tuple) else one.z
    assert np.isfinite(np.asarray(z, dtype=np.float64)).all()
    for seen in (whole, one):
        assert all(text.strip() for text in (str(explain(seen)), seen._repr_html_()))
    check = deltarule.check_gradient(estimator.network_, estimator.theta_, *estimator.arrays_of(X, y))
    assert check.passed, str(check)
    drawn: list[Any] = [
        pictures.network_picture(estimator),
        pictures.first_layer(estimator, shape=(1, estimator.n_features_in_)),
        pictures.layers(estimator, X, y),
        pictures.predicted_against_true(estimator, X, y)
        if not hasattr(estimator, "classes_")
        else pictures.confusion(estimator, X, y),
    ]
    for picture in drawn:
        picture.plot()
    plt.close("all")
    report = deltarule.report(estimator, X, y)
    report.save(tmp_path / "report.html")
    assert "<html" in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert estimator.history_._repr_html_()


def test_a_learning_curve_of_no_epochs_is_empty_and_can_be_drawn() -> None:
    curve = pictures.learning_curve(deltarule.read_foreign(FILES / "lin.rds").estimator)
    assert (len(curve.epochs), len(curve.cost)) == (0, 0)
    axes = curve.plot()
    assert all(np.isfinite(limit) for limit in axes.get_xlim())
    plt.close("all")
