"""Networks as plain data: what files hold of them."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from deltarule import Dense, Network, Unit
from deltarule.common.errors import SettingsError
from deltarule.network.described import content_of_network, network_from
from deltarule.network.first_floor import Keep
from first_floors import PARTS, WHOLE


@pytest.mark.parametrize(
    "network",
    [
        WHOLE,
        Network((3, 4, 2), Unit("leaky_relu", 0.2), "exp"),
        Network([Dense(3, 4, "tanh", first_from="data"), Dense(4, 1)]),
        *(Network([part, Dense(part.outputs, 1)]) for part in PARTS),
    ],
    ids=repr,
)
def test_a_network_comes_back_from_json_as_it_was(network: Network) -> None:
    assert network_from(json.loads(json.dumps(content_of_network(network)))) == network


def test_a_network_of_the_short_form_is_written_as_0_1_0_wrote_it() -> None:
    assert content_of_network(Network((3, 4, 2), "tanh", "softmax")) == {
        "sizes": (3, 4, 2),
        "hidden": ("tanh",),
        "numbers": ((),),
        "output": "softmax",
    }
    assert network_from({"sizes": [3, 4, 2], "hidden": ["elu"], "output": "softmax"}) == Network(
        (3, 4, 2), "elu", "softmax"
    )


@pytest.mark.parametrize(
    "content",
    [
        {"parts": [{"kind": "Convolution", "inputs": 3}], "output": "sigmoid"},
        {"parts": [{"kind": "Dense", "inputs": 3}], "output": "sigmoid"},
        {"parts": [{"kind": "Scale", "inputs": 3, "outputs": 3}], "output": "sigmoid"},
        {"parts": [{"inputs": 3}], "output": "sigmoid"},
        {"output": "sigmoid"},
    ],
    ids=str,
)
def test_content_that_is_no_network_is_refused(content: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError, KeyError)):
        network_from(content)


def test_a_part_that_is_none_of_this_library_is_not_written() -> None:
    @dataclass(frozen=True, init=False)
    class Own(Keep):
        pass

    with pytest.raises(
        SettingsError, match=r"A file names the parts of a network, but .*Own.* is none of this library"
    ):
        content_of_network(Network([Own(3), Dense(3, 1)]))
