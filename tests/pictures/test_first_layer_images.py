"""Rows of Θ⁽¹⁾ as images."""

import numpy as np
import pytest

from deltarule import MLPClassifier
from deltarule.common.errors import ShapeError
from deltarule.pictures import FirstLayer, first_layer


def test_an_image_is_a_row_of_theta_without_its_bias(reader: MLPClassifier) -> None:
    found = first_layer(reader)
    assert found.images.shape == (16, 8, 8)
    np.testing.assert_array_equal(found.images[4].ravel(), reader.coefs_[0][:, 4])
    assert found.units.tolist() == list(range(1, 17))


def test_of_many_units_those_with_the_largest_weights_are_shown(reader: MLPClassifier) -> None:
    found = first_layer(reader, most=5)
    squares = np.square(reader.coefs_[0]).sum(axis=0)
    assert set(found.units - 1) == set(np.argsort(squares)[-5:])
    assert (np.diff(found.units) > 0).all()
    assert "5 of 16 units of layer 2, 8 × 8 inputs each" in found.plot().get_xlabel()


def test_another_shape_can_be_given(reader: MLPClassifier) -> None:
    found = first_layer(reader, shape=(4, 16))
    assert found.images.shape == (16, 4, 16)
    np.testing.assert_array_equal(found.images[0].ravel(), reader.coefs_[0][:, 0])


def test_the_mosaic_puts_the_images_side_by_side_with_lines_between() -> None:
    images = np.arange(3.0)[:, np.newaxis, np.newaxis] * np.ones((3, 1, 2))
    mosaic = FirstLayer(images, np.arange(1, 4), 3).mosaic
    nan = np.nan
    np.testing.assert_array_equal(mosaic, [[0, 0, nan, 1, 1], [nan] * 5, [2, 2, nan, nan, nan]])


def test_zero_is_in_the_middle_of_the_scale(reader: MLPClassifier) -> None:
    low, high = first_layer(reader).plot().images[0].get_clim()
    assert low == -high == -np.abs(first_layer(reader).images).max()


@pytest.mark.parametrize("shape", [(8, 7), None])
def test_inputs_that_make_no_such_image_are_refused(shape: tuple[int, int] | None, two_classes: object) -> None:
    model = two_classes[0]  # type: ignore[index]
    with pytest.raises(ShapeError, match=r"takes 2 inputs, but .* pixels. Give shape=\(height, width\)"):
        first_layer(model, shape)
