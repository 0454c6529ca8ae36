"""In every picture, at every size, no text lies over another or leaves the figure."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.figure import Figure
from matplotlib.text import Text

from deltarule import MLPClassifier, MLPRegressor, Network, lambda_path, size_path
from deltarule.common.arrays import Array
from deltarule.pictures import (
    Confusion,
    confusion,
    decision_boundary,
    first_layer,
    layers,
    learning_curve,
    network_picture,
    precision_recall,
    reliability,
    roc,
)

SIZES = {"notebook": (6.4, 4.8, 100, 10), "paper column": (3.3, 2.5, 300, 8), "screen": (12, 8, 100, 10)}


def texts(figure: Figure) -> Iterator[Text]:
    """Return every text that is drawn."""
    for ax in figure.axes:
        yield from ax.texts
        legend = ax.get_legend()
        if legend is not None:
            yield from (*legend.get_texts(), legend.get_title())
        if ax.axison:
            yield ax.title
            for axis in (ax.xaxis, ax.yaxis):
                yield from (axis.label, axis.offsetText)
                low, high = sorted(axis.get_view_interval())
                ticks = [*axis.get_major_ticks(), *axis.get_minor_ticks()]
                inside = [tick for tick in ticks if low <= tick.get_loc() <= high]
                yield from (label for tick in inside for label in (tick.label1, tick.label2))


def faults(figure: Any) -> list[str]:
    """Return what lies over what, and what is cut off; half a pixel is rounding."""
    figure.canvas.draw()
    drawn = [text for text in texts(figure) if text.get_visible() and text.get_text().strip()]
    boxes = [(text.get_text(), text.get_window_extent()) for text in drawn]
    found = [
        f"{name!r} is cut off"
        for name, box in boxes
        if box.x0 < -0.5 or box.y0 < -0.5 or box.x1 > figure.bbox.x1 + 0.5 or box.y1 > figure.bbox.y1 + 0.5
    ]
    for n, (name, box) in enumerate(boxes):
        for other_name, other in boxes[n + 1 :]:
            width = min(box.x1, other.x1) - max(box.x0, other.x0)
            height = min(box.y1, other.y1) - max(box.y0, other.y0)
            if width > 0.5 and height > 0.5:
                found.append(f"{name!r} lies over {other_name!r}")
    return found


def drawn(picture: Any, size: str, **options: Any) -> Figure:
    width, height, dpi, font = SIZES[size]
    with pyplot.rc_context({"font.size": font}):
        figure, ax = pyplot.subplots(figsize=(width, height), dpi=dpi, layout="constrained")
        picture.plot(ax, **options)
        figure.canvas.draw()
    return figure


@pytest.fixture(scope="session")
def pictures(digits: tuple[Array, Array], reader: MLPClassifier, two_classes: Any) -> dict[str, Callable[[], Any]]:
    X, y = digits
    pair, X_pair, y_pair = two_classes
    line = MLPRegressor(hidden_layer_sizes=(), solver="lbfgs", random_state=0)
    deep = MLPClassifier((8,) * 6, activation="logistic", random_state=0, solver="gd", max_iter=1, tol=1e9).fit(X, y)
    long_names = np.array([f"a class with the long name {n}" for n in range(30)])
    return {
        "λ path": lambda: lambda_path(line, X_pair, X_pair[:, 0], lambdas=[0, 1e-3, 1e-2, 0.1, 1, 10, 100, 1e3]),
        "λ path without 0": lambda: lambda_path(line, X_pair, X_pair[:, 0], lambdas=[0.1, 1]),
        "λ path of one": lambda: lambda_path(line, X_pair, X_pair[:, 0], lambdas=[0.0]),
        "size path": lambda: size_path(line, X_pair, X_pair[:, 0]),
        "confusion": lambda: confusion(reader, X, y),
        "confusion of two": lambda: confusion(pair, X_pair, y_pair),
        "confusion of thirty": lambda: Confusion(long_names, np.full((30, 30), 12345)),
        "reliability": lambda: reliability(reader, X, y),
        "reliability of two": lambda: reliability(pair, X_pair, y_pair),
        "roc": lambda: roc(reader, X, y),
        "precision–recall": lambda: precision_recall(reader, X, y),
        "roc of two": lambda: roc(pair, X_pair, y_pair),
        "first layer": lambda: first_layer(reader),
        "boundary": lambda: decision_boundary(pair, X_pair, y_pair),
        "layers": lambda: layers(deep, X, y),
        "learning curve": lambda: learning_curve(reader),
        "network with weights": lambda: network_picture(reader),
        "small network with weights": lambda: network_picture(pair),
    }


NAMES = [
    "λ path",
    "λ path without 0",
    "λ path of one",
    "size path",
    "confusion",
    "confusion of two",
    "confusion of thirty",
    "reliability",
    "reliability of two",
    "roc",
    "precision–recall",
    "roc of two",
    "first layer",
    "boundary",
    "layers",
    "learning curve",
    "network with weights",
    "small network with weights",
]


@pytest.mark.parametrize("name", NAMES)
def test_no_text_of_a_picture_lies_over_another_or_is_cut_off(
    name: str, pictures: dict[str, Callable[[], Any]]
) -> None:
    assert list(pictures) == NAMES
    picture = pictures[name]()
    for size in SIZES:
        assert faults(drawn(picture, size)) == [], size
    assert faults(picture.plot().figure) == []


def test_activations_by_layer_have_room_too(digits: tuple[Array, Array], reader: MLPClassifier) -> None:
    for size in SIZES:
        assert faults(drawn(layers(reader, *digits), size, what="a")) == []


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "sizes", [(1, 1), (2, 2, 1), (5, 9, 8, 2), (400, 25, 10), (64, 8, 8, 8, 3), (784, 512, 512, 10)], ids=str
)
def test_a_network_has_room_for_its_texts_from_2_2_1_to_784_512_512_10(sizes: tuple[int, ...], size: str) -> None:
    picture = network_picture(Network(sizes, hidden="leaky_relu"))
    figure = drawn(picture, size)
    assert faults(figure) == []
    assert faults(picture.plot().figure) == []
    # Letters stay above 4 points in a paper column 2.5 inches high.
    assert min(float(text.get_fontsize()) for text in figure.axes[0].texts) > 3.5


def test_texts_that_do_overlap_or_leave_the_figure_are_found() -> None:
    figure, ax = pyplot.subplots()
    ax.text(0.5, 0.5, "one")
    ax.text(0.51, 0.5, "another")
    ax.text(0.5, 2.0, "gone")
    assert faults(figure) == ["'gone' is cut off", "'one' lies over 'another'"]


@pytest.mark.parametrize("name", [name for name in NAMES if "network" not in name])
def test_axes_have_names(name: str, pictures: dict[str, Callable[[], Any]]) -> None:
    ax = pictures[name]().plot()
    assert ax.get_xlabel()
    assert ax.get_ylabel() or name == "first layer"
