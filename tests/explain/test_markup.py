"""The explanation as HTML: whole, safe, and without anything from elsewhere."""

import re
import xml.etree.ElementTree as ET

import numpy as np

from deltarule import Network, trace, trace_example
from deltarule.explain import explain

XOR = ([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [[0.0], [1.0], [1.0], [0.0]])


def test_it_asks_for_nothing_and_runs_nothing() -> None:
    network = Network((2, 2, 1))
    text = explain(trace(network, network.first_theta(np.random.default_rng(0)), *XOR), form="html")
    assert not re.search(r"<script|src=|href=|url\(|@import|https?:|\bon\w+=", text)


def test_a_heading_is_text_whatever_is_in_it() -> None:
    heading = '<img src=x onerror=alert(1)> & "y"'
    network = Network((1, 1))
    root = ET.fromstring(explain(trace_example(network, [0.0, 1.0], [2.0], [1.0]), form="html", heading=heading))
    assert root.findtext("p/b") == heading
    assert root.find(".//img") is None


def test_the_xor_examples_are_shown_whole_and_the_first_and_the_sums_are_open() -> None:
    network = Network((2, 2, 1))
    root = ET.fromstring(
        explain(trace(network, network.first_theta(np.random.default_rng(0)), *XOR, lambda_=1.0), form="html")
    )
    sections = root.findall("details")
    titles = ["".join(section.find("summary").itertext()) for section in sections]  # type: ignore[union-attr]
    assert titles == [
        *(f"Example {t} of 4, y = [{y}]" for t, y in zip(range(1, 5), "0110", strict=True)),
        "Over 4 examples",
    ]
    assert [section.get("open") is not None for section in sections] == [True, False, False, False, True]
    assert "more" not in "".join(root.itertext())


def test_marks_of_a_letter_are_above_and_below() -> None:
    network = Network((1, 1))
    root = ET.fromstring(explain(trace_example(network, [0.0, 1.0], [2.0], [1.0]), form="html"))
    marks = [tuple(child.text for child in span) for span in root.iter("span") if span.get("class") == "marks"]
    assert {("(2)", "i"), ("(1)", "i0"), ("(1)", "ij"), ("(2)", "1")} <= set(marks)
    assert all(len(pair) == 2 for pair in marks)


def test_a_large_network_stays_small_on_the_page() -> None:
    network = Network((784, 100, 10), "relu", "softmax")
    generator = np.random.default_rng(0)
    example = trace_example(network, network.first_theta(generator), generator.random(784), np.eye(10)[3])
    assert len(explain(example, form="html")) < 50_000
