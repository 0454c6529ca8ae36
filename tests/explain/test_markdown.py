"""Markdown with LaTeX: what it may hold, and that nothing in it is taken for something else."""

import re

import numpy as np
import pytest

from deltarule import Network, trace_example
from deltarule.explain import explain
from deltarule.network.units import HIDDEN_UNITS, OUTPUT_UNITS

NAMES = (
    "tau Theta Delta delta lambda ell sum Phi varphi sigma cdot le ge dots tfrac frac times quad text log exp tanh max"
)
COMMANDS = {*NAMES.split(), "begin", "end"}
"""KaTeX and MathJax know all of these."""


def markdown_of(network: Network, heading: str = "") -> str:
    theta = 3e-5 + network.first_theta(np.random.default_rng(0))
    y = [1.0, *[0.0] * (network.K - 1)]
    return explain(trace_example(network, theta, [1e-7] * network.sizes[0], y), form="markdown", heading=heading)


@pytest.mark.parametrize("hidden", HIDDEN_UNITS)
@pytest.mark.parametrize("output", OUTPUT_UNITS)
def test_only_known_commands_are_used_and_braces_and_dollars_are_paired(hidden: str, output: str) -> None:
    text = markdown_of(Network((2, 3, 2), hidden, output))
    assert set(re.findall(r"\\([A-Za-z]+)", text)) <= COMMANDS
    for formula in re.findall(r"\$+([^$]+)\$+", text):
        assert formula.count("{") == formula.count("}")
        assert "−" not in formula
        assert not re.search(r"[^\x00-\x7f]", formula), formula
    assert text.count("$") % 2 == 0
    assert text.count(r"\begin{aligned}") == text.count(r"\end{aligned}") == 7


def test_powers_of_ten_are_written_as_such() -> None:
    text = markdown_of(Network((1, 1)))
    assert r"1 \times 10^{-7}" in text
    assert not re.search(r"\de-\d", text)


def test_a_heading_is_words_whatever_is_in_it() -> None:
    heading = "# a *b* _c_ <i> [x](y) $1$ `z` \\ | ~\n- 1. e"
    first = markdown_of(Network((1, 1)), heading).split("\n\n")[0]
    assert "\n" not in first
    assert re.sub(r"\\(.)", r"\1", first) == " ".join(heading.split())
    assert not re.search(r"(?<!\\)[#*_<>\[$`|~.-]", first)
