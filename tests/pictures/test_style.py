"""Drawing without matplotlib, without a display, in grey."""

import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from matplotlib import colormaps
from matplotlib.colors import to_rgb

from deltarule import Network
from deltarule.pictures import Confusion, network_picture
from deltarule.pictures.style import BLUE, MAP, ORANGE, TRAINING, VALIDATION


@pytest.mark.parametrize(
    "picture", [network_picture(Network((1, 1))), Confusion(np.array([0, 1]), np.eye(2))], ids=["network", "confusion"]
)
def test_without_matplotlib_the_message_says_what_to_install(picture: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deltarule.pictures.style.find_spec", lambda _: None)
    with pytest.raises(ImportError, match=r"Drawing needs matplotlib: pip install 'deltarule\[cli\]'"):
        picture.plot()


def test_computing_loads_no_matplotlib_and_drawing_needs_no_display() -> None:
    code = (
        "import sys, deltarule\n"
        "from deltarule.pictures import network_picture\n"
        "picture = network_picture(deltarule.Network((2, 2, 1)))\n"
        "assert 'matplotlib' not in sys.modules\n"
        "print(type(picture.plot()).__name__)"
    )
    environment = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "MPLBACKEND")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.split() == ["Axes"]


def luminance(color: Any) -> float:
    return float(np.dot(to_rgb(color), [0.2126, 0.7152, 0.0722]))


def test_the_two_curves_differ_in_grey_in_dashes_and_in_markers() -> None:
    assert luminance(ORANGE) - luminance(BLUE) > 0.1
    assert TRAINING["linestyle"] != VALIDATION["linestyle"]
    assert TRAINING["marker"] != VALIDATION["marker"]


def test_the_map_grows_lighter_all_the_way() -> None:
    shades = [luminance(color[:3]) for color in colormaps[MAP](np.linspace(0, 1, 64))]
    assert (np.diff(shades) > 0).all()
