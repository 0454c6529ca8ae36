"""Layers of Keras whose configuration says more than a name."""

from typing import Any

import pytest

from deltarule.common.errors import ModelFileError
from deltarule.exchange.reading.keras_layers import stages_of_layer

# As Keras 3.15.1 writes Activation(lambda x: …): the code of the function, its defaults and its closure.
OF_A_LAMBDA = {"value": ["4wEAAAAAAAAA", None, None]}


def test_a_function_of_python_as_activation_is_refused_and_not_taken_for_linear() -> None:
    with pytest.raises(ModelFileError, match=r"'act' has a function of Python \(a lambda\)"):
        stages_of_layer("Activation", {"name": "act", "activation": OF_A_LAMBDA}, {}, [])


@pytest.mark.parametrize(
    "policy",
    [
        {"class_name": "QuantizedFloat8DTypePolicy", "config": {"mode": "float8", "source_name": "float32"}},
        "float8_from_float32",
    ],
)
def test_quantised_layers_are_refused_by_name(policy: Any) -> None:
    with pytest.raises(ModelFileError, match=r"'d' is quantised \(float8\)"):
        stages_of_layer("Dense", {"name": "d", "dtype": policy}, {}, [])


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ({"class_name": "DTypePolicy", "config": {"name": "mixed_float16"}}, ["Keras computes it in float16"]),
        ("bfloat16", ["Keras computes it in bfloat16"]),
        ("float32", []),
        ({"class_name": "DTypePolicy", "config": {"name": "float64"}}, []),
        (None, []),
    ],
)
def test_it_is_said_that_keras_computes_with_few_digits(policy: Any, said: list[str]) -> None:
    notes: list[str] = []
    stages_of_layer("Activation", {"activation": "relu", "dtype": policy}, {}, notes)
    assert [note.partition(";")[0] for note in notes] == said
