"""Escaping, tables, curves and pages of HTML."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from deltarule.common.html import CURVE_HEIGHT, CURVE_WIDTH, MARGIN, Html, fragment, page, sparkline, table, tag

HOSTILE = """<script>alert("1")</script> & 'x'"""


def test_text_and_attributes_are_escaped_and_markup_is_not() -> None:
    element = ET.fromstring(tag("p", HOSTILE, tag("b", HOSTILE), title=HOSTILE))
    assert element.text == HOSTILE
    assert element.get("title") == HOSTILE
    assert [child.tag for child in element] == ["b"]
    assert element[0].text == HOSTILE


def test_a_string_that_markup_was_joined_to_is_text_again() -> None:
    assert "<b>" not in tag("p", tag("b", "x") + "<b>")


def test_names_of_attributes_have_hyphens_and_no_underscore_at_their_end() -> None:
    assert tag("svg", class_="a", aria_label="b") == '<svg class="a" aria-label="b"></svg>'


def test_a_table_shows_every_cell_escaped() -> None:
    root = ET.fromstring(table([("a", "1", HOSTILE), (HOSTILE, "2", "3")]))
    assert [[cell.text for cell in row] for row in root.iter("tr")] == [["a", "1", HOSTILE], [HOSTILE, "2", "3"]]
    assert [[cell.tag for cell in row] for row in root.iter("tr")] == [["th", "td", "td"]] * 2


def test_a_page_is_whole_and_asks_for_nothing_from_elsewhere() -> None:
    text = page(HOSTILE, fragment("x"), fragment("y"))
    assert text.startswith("<!DOCTYPE html>\n<html")
    assert "<title>&lt;script&gt;" in text
    assert 'name="viewport"' in text
    assert not re.search(r"<script|src=|href=|url\(|@import|https?:", text)
    assert """content="default-src 'none'; style-src 'unsafe-inline'; img-src data:\"""" in text


def test_a_page_may_bring_a_style_of_its_own() -> None:
    assert page("x", style="p { color: red; }").count("p { color: red; }") == 1


def points(svg: Html) -> list[list[tuple[float, float]]]:
    root = ET.fromstring(str(svg))
    lines = [line.get("points") or "" for line in root.iter("polyline")]
    return [[(float(x), float(y)) for x, y in (pair.split(",") for pair in line.split())] for line in lines]


def test_a_curve_goes_through_its_values_on_a_logarithmic_axis() -> None:
    (line,) = points(sparkline({"cost": np.array([100.0, 10.0, 1.0, 1.0, 10.0])}))
    x, y = np.array(line).T
    np.testing.assert_allclose(x, MARGIN + (CURVE_WIDTH - 2 * MARGIN) * np.arange(5) / 4, atol=0.05)
    share = np.array([1, 0.5, 0, 0, 0.5])
    np.testing.assert_allclose(y, CURVE_HEIGHT - MARGIN - (CURVE_HEIGHT - 2 * MARGIN) * share, atol=0.051)


def test_values_down_to_0_have_a_linear_axis() -> None:
    svg = sparkline({"cost": np.array([4.0, 1.0, 0.0])})
    np.testing.assert_allclose([y for _, y in points(svg)[0]], [4, 46, 60])
    assert "logarithmic" not in svg


def test_two_curves_share_their_axis_and_are_told_apart_by_dashes() -> None:
    svg = sparkline({"cost": np.array([8.0, 2.0]), "validation cost": np.array([4.0, 4.0])})
    first, second = points(svg)
    assert second == [(first[0][0], 32.0), (first[1][0], 32.0)]
    assert svg.count("stroke-dasharray") == 1
    assert "cost (line) and validation cost (dashes) by epoch, from 2 to 8, logarithmic" in svg


def test_what_is_not_finite_leaves_a_gap() -> None:
    lines = points(sparkline({"cost": np.array([1.0, 2.0, np.nan, np.inf, 2.0, 1.0])}))
    assert [len(line) for line in lines] == [2, 2]
    assert sparkline({"cost": np.full(3, np.nan)}) == ""


def test_a_curve_of_one_epoch_is_a_dot() -> None:
    assert points(sparkline({"cost": np.array([2.0])})) == [[(MARGIN, CURVE_HEIGHT - MARGIN)] * 2]


@pytest.mark.parametrize("epochs", [CURVE_WIDTH, 100_000])
def test_a_long_curve_keeps_its_ends_and_a_point_for_each_column(epochs: int) -> None:
    (line,) = points(sparkline({"cost": np.linspace(9, 1, epochs)}))
    assert len(line) == CURVE_WIDTH
    ends = [[MARGIN, MARGIN], [CURVE_WIDTH - MARGIN, CURVE_HEIGHT - MARGIN]]
    np.testing.assert_array_equal([line[0], line[-1]], ends)
