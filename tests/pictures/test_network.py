"""The network, by what its picture is made of."""

from copy import copy

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.collections import LineCollection
from matplotlib.patches import Circle

from deltarule import MLPClassifier, Network, Unit
from deltarule.pictures import network_picture
from deltarule.pictures.network import MOST_UNITS, RADIUS


def texts(network: Network) -> list[str]:
    return [text.get_text() for text in network_picture(network).plot().texts]


def test_a_small_network_has_a_circle_for_each_unit_and_each_bias_and_a_line_for_each_weight() -> None:
    axes = network_picture(Network((2, 2, 1), output="sigmoid")).plot()
    circles = [patch for patch in axes.patches if isinstance(patch, Circle)]
    assert len(circles) == 2 + 2 + 1 + 2
    [lines] = [collection for collection in axes.collections if isinstance(collection, LineCollection)]
    assert len(lines.get_segments()) == Network((2, 2, 1)).n_parameters


def test_bias_units_look_different_and_say_plus_one() -> None:
    axes = network_picture(Network((2, 2, 1))).plot()
    looks = {(patch.get_facecolor(), patch.get_linestyle()) for patch in axes.patches}
    assert len(looks) == 2
    assert [text.get_text() for text in axes.texts].count("$+1$") == 2


def test_units_layers_and_matrices_are_labelled_as_in_the_notes() -> None:
    found = texts(Network((2, 3, 1), hidden="tanh"))
    for label in ["$x_{1}$", "$x_{2}$", "$a_{3}^{(2)}$", "$a_{1}^{(3)}$", "$= h_\\Theta(x)$"]:
        assert label in found
    assert "Layer 1\n$s_{1} = 2$\ninput" in found
    assert "Layer 2\n$s_{2} = 3$\ntanh" in found
    assert "Layer 2\n$s_{2} = 3$\nelu(0.5)" in texts(Network((2, 3, 1), Unit("elu", 0.5)))
    assert "Layer 3\n$s_{3} = 1$\nsigmoid" in found
    assert "$\\Theta^{(1)}$\n$3 \\times 3$" in found
    assert "$\\Theta^{(2)}$\n$1 \\times 4$" in found


@pytest.mark.parametrize("sizes", [(1, 1), (2, 2, 1), (8, 9, 3), (784, 512, 512, 10)])
def test_long_layers_are_shortened_and_circles_never_touch(sizes: tuple[int, ...]) -> None:
    picture = network_picture(Network(sizes))
    for layer, size in enumerate(sizes, 1):
        units = [unit for unit in picture.units if unit.layer == layer and not unit.is_bias]
        assert len(units) == (size if size <= MOST_UNITS else MOST_UNITS - 1)
        assert units[-1].index == size
    assert len(picture.ellipses) == sum(size > MOST_UNITS for size in sizes)
    places = np.array([(unit.x, unit.y) for unit in picture.units] + list(picture.ellipses))
    apart = np.linalg.norm(places[:, np.newaxis] - places, axis=2) + 9 * np.eye(len(places))
    assert apart.min() > 2 * RADIUS


def test_fewer_units_can_be_asked_for() -> None:
    picture = network_picture(Network((10, 10)), most_units=4)
    assert [unit.index for unit in picture.units if unit.layer == 2] == [1, 2, 10]


def test_lines_carry_the_weights_of_a_model_biases_too(two_classes: tuple[MLPClassifier, object, object]) -> None:
    model = two_classes[0]
    thetas = model.network_.roll(model.theta_)
    picture = network_picture(model)
    assert len(picture.edges) == model.network_.n_parameters
    for edge in picture.edges:
        assert edge.weight == thetas[edge.start.layer - 1][edge.end.index - 1, edge.start.index]
    assert picture.widest_weights == {1: np.abs(thetas[0]).max(), 2: np.abs(thetas[1]).max()}


def test_width_is_the_share_of_the_largest_weight_and_colour_and_dashes_are_the_sign() -> None:
    model = MLPClassifier((), solver="lbfgs", random_state=0).fit([[0.0, 1.0], [1.0, 0.0]], [0, 1])
    model.theta_[:] = [0.5, -2.0, 1.0]
    picture = network_picture(model)
    assert "|\\Theta_{ij}| \\leq 2" in picture.thetas[0][1]
    positive, negative = [c for c in picture.plot().collections if isinstance(c, LineCollection)]
    wide = np.max(negative.get_linewidth())
    np.testing.assert_allclose(positive.get_linewidth(), [wide / 4, wide / 2])
    assert not np.array_equal(positive.get_colors(), negative.get_colors())
    assert positive.get_linestyle() != negative.get_linestyle()


def test_each_matrix_has_a_widest_line_of_its_own(two_classes: tuple[MLPClassifier, object, object]) -> None:
    model = copy(two_classes[0])
    model.theta_ = model.theta_.copy()
    model.network_.roll(model.theta_)[1][:] *= 1e-3
    widest: dict[bool, float] = {}
    for lines in network_picture(model).plot().collections:
        assert isinstance(lines, LineCollection)
        for segment, width in zip(lines.get_segments(), np.atleast_1d(lines.get_linewidth()), strict=True):
            is_first = bool(np.asarray(segment)[0, 0] == 0)
            widest[is_first] = max(widest.get(is_first, 0.0), float(width))
    assert widest[True] == widest[False] > 1


def test_a_weight_of_0_has_no_line() -> None:
    model = MLPClassifier((), solver="lbfgs", random_state=0).fit([[0.0, 1.0], [1.0, 0.0]], [0, 1])
    model.theta_[:] = [0.0, 0.0, 1.0]
    lines = [c for c in network_picture(model).plot().collections if isinstance(c, LineCollection)]
    assert sum(len(one.get_segments()) for one in lines) == 1


def test_drawing_goes_into_the_axes_that_are_given() -> None:
    _, (left, _) = pyplot.subplots(1, 2)
    assert network_picture(Network((1, 1))).plot(left) is left


def test_names_of_inputs_stand_beside_their_circles_and_only_of_those_that_are_drawn() -> None:
    names = [f"column {n}" for n in range(1, 21)]
    picture = network_picture(Network((20, 2, 1)), names=names)
    assert [(unit.index, text) for unit, text in picture.inputs] == [
        *[(n, f"column {n}") for n in range(1, 7)],
        (20, "column 20"),
    ]
    assert network_picture(Network((20, 2, 1))).inputs == ()


def test_a_name_of_an_input_is_no_mathematics_and_never_longer_than_its_room() -> None:
    picture = network_picture(Network((2, 1)), names=["$x$ in $", "a" * 99])
    assert [text for _, text in picture.inputs] == [r"\$x\$ in \$", "a" * 23 + "…"]
    ax = picture.plot()
    ax.get_figure(root=True).canvas.draw()  # type: ignore[union-attr]
    assert picture.size[0] > network_picture(Network((2, 1))).size[0]
