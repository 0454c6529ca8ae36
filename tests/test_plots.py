"""The pictures, by what they are made of."""

from collections.abc import Iterator
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest

mpl.use("Agg")

from matplotlib import pyplot
from matplotlib.collections import LineCollection
from matplotlib.patches import Circle

from deltarule import History, Network
from deltarule.plots import MOST_UNITS, RADIUS, network_layout, plot_learning_curve, plot_network


@pytest.fixture(autouse=True)
def closed_figures() -> Iterator[None]:
    yield
    pyplot.close("all")


def history(cost: list[float], held_out: list[float] | None = None, best_epoch: int = 1) -> History:
    nothing = np.full(len(cost), np.nan)
    validation = nothing if held_out is None else np.array(held_out)
    return History(np.array(cost), validation, nothing, nothing, nothing, "max_iter", best_epoch)


def texts(axes: Any) -> list[str]:
    return [text.get_text() for text in axes.texts]


def test_a_small_network_has_a_circle_for_each_unit_and_each_bias_and_a_line_for_each_weight() -> None:
    axes = plot_network(Network((2, 2, 1), output="sigmoid"))
    circles = [patch for patch in axes.patches if isinstance(patch, Circle)]
    assert len(circles) == 2 + 2 + 1 + 2
    [lines] = [collection for collection in axes.collections if isinstance(collection, LineCollection)]
    assert len(lines.get_segments()) == Network((2, 2, 1)).n_parameters


def test_bias_units_look_different_and_say_plus_one() -> None:
    axes = plot_network(Network((2, 2, 1)))
    looks = {(patch.get_facecolor(), patch.get_linestyle()) for patch in axes.patches}
    assert len(looks) == 2
    assert texts(axes).count("$+1$") == 2


def test_units_layers_and_matrices_are_labelled_as_in_the_notes() -> None:
    found = texts(plot_network(Network((2, 3, 1), hidden="tanh")))
    for label in ["$x_{1}$", "$x_{2}$", "$a_{3}^{(2)}$", "$a_{1}^{(3)}$", "$= h_\\Theta(x)$"]:
        assert label in found
    assert "Layer 1\n$s_{1} = 2$\ninput" in found
    assert "Layer 2\n$s_{2} = 3$\ntanh" in found
    assert "Layer 3\n$s_{3} = 1$\nsigmoid" in found
    assert "$\\Theta^{(1)}$\n$3 \\times 3$" in found
    assert "$\\Theta^{(2)}$\n$1 \\times 4$" in found


@pytest.mark.parametrize("sizes", [(1, 1), (2, 2, 1), (8, 9, 3), (784, 512, 512, 10)])
def test_long_layers_are_shortened_and_circles_never_touch(sizes: tuple[int, ...]) -> None:
    layout = network_layout(Network(sizes))
    for layer, size in enumerate(sizes, 1):
        units = [unit for unit in layout.units if unit.layer == layer and not unit.is_bias]
        assert len(units) == (size if size <= MOST_UNITS else MOST_UNITS - 1)
        assert units[-1].index == size
    assert len(layout.ellipses) == sum(size > MOST_UNITS for size in sizes)
    places = np.array([(unit.x, unit.y) for unit in layout.units] + list(layout.ellipses))
    apart = np.linalg.norm(places[:, np.newaxis] - places, axis=2) + 9 * np.eye(len(places))
    assert apart.min() > 2 * RADIUS


@pytest.mark.parametrize("sizes", [(1, 1), (2, 2, 1), (5, 9, 8, 2), (784, 512, 512, 10)])
def test_no_text_lies_over_another_or_outside_the_picture(sizes: tuple[int, ...]) -> None:
    axes = plot_network(Network(sizes, hidden="logistic"))
    figure = axes.figure
    figure.canvas.draw()
    boxes = [text.get_window_extent() for text in axes.texts]
    for n, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[n + 1 :])
        assert figure.bbox.x0 <= box.x0
        assert box.x1 <= figure.bbox.x1
        assert box.y1 <= figure.bbox.y1


def test_the_learning_curve_shows_both_costs_and_the_best_epoch() -> None:
    axes = plot_learning_curve(history([1.0, 0.5, 0.4], [1.1, 0.7, 0.8], best_epoch=2))
    training, held_out, best = axes.lines
    assert training.get_label() == "training"
    assert np.asarray(training.get_xdata()).tolist() == [1, 2, 3]
    assert np.asarray(training.get_ydata()).tolist() == [1.0, 0.5, 0.4]
    assert held_out.get_label() == "held out"
    assert np.asarray(held_out.get_ydata()).tolist() == [1.1, 0.7, 0.8]
    assert best.get_label() == "best epoch, 2"
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("epoch", "cost $J(\\Theta)$")
    assert axes.get_yscale() == "linear"


def test_curves_differ_in_their_dashes_too() -> None:
    training, held_out, best = plot_learning_curve(history([1.0], [1.0])).lines
    assert len({line.get_linestyle() for line in (training, held_out, best)}) == 3


def test_without_held_out_rows_there_is_one_curve() -> None:
    axes = plot_learning_curve(history([1.0, 0.001]))
    assert [line.get_label() for line in axes.lines] == ["training", "best epoch, 1"]
    assert axes.get_yscale() == "log"


def test_a_run_that_ended_before_its_first_epoch_is_drawn_too() -> None:
    assert plot_learning_curve(history([], best_epoch=0)).get_xlabel() == "epoch"


def test_drawing_goes_into_the_axes_that_are_given() -> None:
    _, (left, right) = pyplot.subplots(1, 2)
    assert plot_network(Network((1, 1)), left) is left
    assert plot_learning_curve(history([1.0]), right) is right


def test_without_matplotlib_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deltarule.plots.find_spec", lambda _: None)
    with pytest.raises(ImportError, match=r"Drawing needs matplotlib: pip install 'deltarule\[cli\]'"):
        plot_network(Network((1, 1)))
