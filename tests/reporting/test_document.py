"""The page of a report: everything on it is what the estimator returns, escaped, and it asks for nothing."""

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from base64 import b64decode
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import confusion_matrix, precision_score, r2_score, recall_score, roc_auc_score

import deltarule
from deltarule import Report
from deltarule.common.errors import OutputError
from judged import HOSTILE, Judged
from pageback import named, read_page, section, table_of, text_of

NAMES = ["<b>size</b>", HOSTILE, "&amp;"]


@pytest.fixture(scope="module")
def report_of_two(two: Judged) -> Report:
    table = pd.DataFrame(two.X, columns=NAMES, index=pd.Index([HOSTILE] * len(two.y), name="<i>"))
    table[NAMES[2]] = HOSTILE
    told = {HOSTILE: HOSTILE}
    return deltarule.report(
        two.model, two.X, two.y, table=table, about=told, title=HOSTILE, command=HOSTILE, samples=50, seed=3
    )


@pytest.fixture(scope="module")
def page_of_two(report_of_two: Report) -> ET.Element:
    return read_page(report_of_two.html())


@pytest.fixture(scope="module")
def report_of_digits(digits: Judged) -> Report:
    return deltarule.report(digits.model, digits.X, digits.y, samples=50, costly=3)


@pytest.fixture(scope="module")
def page_of_digits(report_of_digits: Report) -> ET.Element:
    return read_page(report_of_digits.html())


def measures(page: ET.Element) -> dict[str, list[float]]:
    rows = [row for row in table_of(page, "measures") if len(row) == 3]
    return {name: [float(value), *map(float, interval.split(" … "))] for name, value, interval in rows}


def test_the_measures_on_the_page_are_those_of_the_estimator(page_of_two: ET.Element, two: Judged) -> None:
    found, (X, y) = measures(page_of_two), (two.X, two.y)
    network, theta = two.model.network_, two.model.theta_
    expected = {
        "accuracy": two.model.score(X, y),
        "balanced accuracy": recall_score(y, two.model.predict(X), average="macro"),
        "mean cost": deltarule.cost(network, theta, X, two.model.encode(y)),
        "ROC AUC": roc_auc_score(y == "ja", two.model.predict_proba(X)[:, 1]),
    }
    assert list(found) == list(expected)
    for name, value in expected.items():
        assert found[name][0] == pytest.approx(value, rel=1e-12), name
        assert found[name][1] < value < found[name][2]


def test_the_confusion_and_each_class_on_the_page_are_those_of_the_predictions(
    page_of_digits: ET.Element, digits: Judged
) -> None:
    predicted = digits.model.predict(digits.X)
    shown = table_of(page_of_digits, "confusion")
    np.testing.assert_array_equal(
        np.array([row[1:] for row in shown], dtype=int), confusion_matrix(digits.y, predicted)
    )
    classes = table_of(page_of_digits, "classes")
    assert [row[0] for row in classes] == [str(k) for k in range(10)]
    figures = np.array([row[1:] for row in classes], dtype=float)
    np.testing.assert_allclose(figures[:, 0], precision_score(digits.y, predicted, average=None), rtol=1e-14)
    np.testing.assert_allclose(figures[:, 1], recall_score(digits.y, predicted, average=None), rtol=1e-14)
    np.testing.assert_array_equal(figures[:, 2], np.bincount(digits.y))


def test_the_bins_of_the_reliability_hold_the_probabilities(page_of_two: ET.Element, two: Judged) -> None:
    bins = np.array(table_of(page_of_two, "reliability"), dtype=float)
    probability = two.model.predict_proba(two.X)[:, 1]
    assert bins[:, 2].sum() == len(two.y)
    assert (bins[:, 0] @ bins[:, 2]) / len(two.y) == pytest.approx(probability.mean(), rel=1e-12)
    assert (bins[:, 1] @ bins[:, 2]) / len(two.y) == pytest.approx(np.mean(two.y == "ja"), rel=1e-12)


def test_the_examples_on_the_page_are_those_with_the_highest_cost(page_of_digits: ET.Element, digits: Judged) -> None:
    model = digits.model
    h = model.predict_proba(digits.X)
    costs = -np.log(h[np.arange(len(digits.y)), digits.y])
    order = np.argsort(-costs)[:3]
    shown = table_of(page_of_digits, "costly")
    for t, (name, cost, true, predicted, probability), (values,) in zip(order, shown[::2], shown[1::2], strict=True):
        assert (name, true, predicted) == (f"row {t}", str(digits.y[t]), str(model.predict(digits.X[[t]])[0]))
        assert float(probability) == pytest.approx(h[t, digits.y[t]], rel=1e-6)
        assert float(cost) == pytest.approx(costs[t], rel=1e-6)
        assert re.findall(r"x_(\d+) (\S+)", values) == [
            (str(j), f"{value:.6g}") for j, value in enumerate(digits.X[t][:40], 1)
        ]
    example = text_of(section(page_of_digits, "One example in numbers"))
    assert f"row {order[0]}: true {digits.y[order[0]]}, predicted" in example


def test_the_data_summary_is_that_of_the_rows(page_of_digits: ET.Element, digits: Judged) -> None:
    data = section(page_of_digits, "Data")
    assert (named(data)["rows"], named(data)["columns"]) == (str(len(digits.y)), "64")
    assert "24 more columns are not shown." in text_of(data)
    numbers = {row[0]: list(map(float, row[1:])) for row in table_of(page_of_digits, "numbers")}
    column = digits.X[:, 2]
    assert numbers["x_3"] == pytest.approx([column.mean(), column.std(), column.min(), column.max(), 0], rel=1e-12)
    targets = np.array(table_of(page_of_digits, "targets"), dtype=float)
    np.testing.assert_allclose(targets[:, 1] / len(digits.y), targets[:, 2], rtol=1e-14)
    np.testing.assert_array_equal(targets[:, 1], np.bincount(digits.y))


def test_words_of_a_table_are_counted(page_of_two: ET.Element, two: Judged) -> None:
    assert table_of(page_of_two, "words") == [["&amp;", HOSTILE, str(len(two.y)), "1", "0"]]


def test_network_run_and_settings_on_the_page_are_those_of_the_estimator(
    page_of_digits: ET.Element, digits: Judged
) -> None:
    model, history = digits.model, digits.model.history_
    network = named(section(page_of_digits, "Network"))
    assert (network["units by layer"], network["parameters"]) == ("64-16-10", str(len(model.theta_)))
    run = named(section(page_of_digits, "Learning curve"))
    assert "note" not in run
    assert (run["epochs"], run["best epoch"]) == (str(model.n_iter_), str(history.best_epoch))
    assert float(run["cost J at its end"]) == model.loss_
    assert float(run["held-out cost at its end"]) == model.validation_loss_curve_[-1]
    settings = table_of(page_of_digits, "settings")
    assert sorted(settings) == [[name, repr(value)] for name, value in sorted(model.get_params().items())]
    made = section(page_of_digits, "How to make it again")
    assert (named(made)["seed of the training"], named(made)["seed of the report"]) == ("0", "0")
    assert named(made)["numpy"] == np.__version__


def test_the_gradient_check_on_the_page_is_that_of_the_library(page_of_two: ET.Element, two: Judged) -> None:
    check = deltarule.check_gradient(two.model, two.X[:20], two.y[:20], seed=3)
    shown = named(section(page_of_two, "Gradient check"))
    assert shown["compared"] == f"{check.compared} of 21 parameters"
    assert shown["along a direction"] == f"{check.directional_gap:.2e}  (at most 1e-09)"
    assert "Gradient check: passed" in text_of(section(page_of_two, "Gradient check"))


def test_a_page_of_quantities_has_their_measures_and_no_classes(quantities: Judged) -> None:
    report = deltarule.report(quantities.model, quantities.X, quantities.y, samples=50)
    page = read_page(report.html())
    predicted = quantities.model.predict(quantities.X)
    found = measures(page)
    assert found["R²"][0] == pytest.approx(r2_score(quantities.y, predicted), rel=1e-10)
    assert found["mean absolute error"][0] == pytest.approx(np.abs(predicted - quantities.y).mean(), rel=1e-12)
    assert found["mean cost"][0] == pytest.approx(np.square(predicted - quantities.y).mean() / 2, rel=1e-12)
    worst = int(np.abs(predicted - quantities.y).argmax())
    shown = table_of(page, "costly")[0]
    assert [shown[0], *shown[2:]] == [f"row {worst}", f"{quantities.y[worst]:.6g}", f"{predicted[worst]:.6g}"]
    headings = [text_of(element) for element in page.iter("h2")]
    assert "Predicted against true" in headings
    assert "Probabilities" not in headings
    assert "Which class is taken for which" not in headings
    numbers = {row[0]: row[1] for row in table_of(page, "numbers")}
    assert float(numbers["y"]) == pytest.approx(quantities.y.mean(), rel=1e-12)


def test_a_page_of_several_labels_counts_each_and_has_no_confusion(several: Judged) -> None:
    report = deltarule.report(several.model, several.X, several.y, samples=50)
    page = read_page(report.html())
    right = several.model.predict(several.X) == several.y
    assert measures(page)["accuracy"][0] == pytest.approx(several.model.score(several.X, several.y), rel=1e-14)
    assert measures(page)["label accuracy"][0] == pytest.approx(right.mean(), rel=1e-14)
    assert [row[1] for row in table_of(page, "targets")] == [str(count) for count in several.y.sum(axis=0)]
    assert report.confusion is None
    alone = deltarule.report(several.model, several.X[:1], several.y[:1], samples=5)
    assert "On 1 row. " in text_of(read_page(alone.html()))


def test_what_came_from_data_stands_on_the_page_as_text_and_nothing_of_it_is_markup(
    report_of_two: Report, page_of_two: ET.Element
) -> None:
    kinds = {element.tag for element in page_of_two.iter()}
    assert not kinds & {"script", "iframe", "object", "link", "base", "form"}
    assert text_of(next(page_of_two.iter("h1"))) == HOSTILE
    assert text_of(next(page_of_two.iter("pre"))) == HOSTILE
    assert named(section(page_of_two, "Data"))[HOSTILE] == HOSTILE
    assert {row[0] for row in table_of(page_of_two, "numbers")} == set(NAMES[:2])
    assert [row[0] for row in table_of(page_of_two, "targets")] == [HOSTILE, "ja"]
    assert table_of(page_of_two, "costly")[0][0] == f"<i> {HOSTILE}"
    assert HOSTILE in table_of(page_of_two, "costly")[1][0]
    assert "<script" not in report_of_two.html()
    for element in page_of_two.iter():
        assert not [name for name in element.attrib if name.startswith("on")]


def test_the_page_refers_to_nothing_outside(page_of_two: ET.Element, page_of_digits: ET.Element) -> None:
    for page in (page_of_two, page_of_digits):
        named_parts = {element.get("id") for element in page.iter() if element.get("id")}
        images = 0
        for element in page.iter():
            for name, value in element.attrib.items():
                if name == "href":
                    assert value[0] == "#"
                    assert value[1:] in named_parts
                elif name == "src":
                    image = b64decode(value.removeprefix("data:image/svg+xml;base64,"), validate=True).decode()
                    assert "<svg" in image
                    assert not re.search(r"(?:href|src)=\"(?!#|data:image/png;base64,)", image)
                    images += 1
                elif name in ("content", "alt", "value", "colspan", "width", "class", "id"):
                    assert name != "content" or "http" not in value
                else:
                    assert name in ("lang", "charset", "name", "http-equiv")
        assert images >= 4
        styles = " ".join(text_of(style) for style in page.iter("style"))
        assert not re.search(r"url\(|@import|https?:", styles)
        policy = [meta.get("content", "") for meta in page.iter("meta") if meta.get("http-equiv")]
        assert policy == ["default-src 'none'; style-src 'unsafe-inline'; img-src data:"]


def test_every_picture_says_in_words_what_it_shows(page_of_digits: ET.Element) -> None:
    words = [image.get("alt", "") for image in page_of_digits.iter("img")]
    assert len(words) == len(set(words)) == 5
    assert all(len(text) > 20 for text in words)


def test_the_same_report_is_the_same_page_whatever_the_style_of_the_plots(report_of_two: Report) -> None:
    import matplotlib as mpl

    before = report_of_two.html()
    with mpl.rc_context({"font.size": 30, "svg.fonttype": "none", "text.color": "red"}):
        assert report_of_two.html() == before
        assert mpl.rcParams["font.size"] == 30


def test_drawing_opens_no_figure_of_pyplot(report_of_two: Report) -> None:
    from matplotlib import pyplot

    report_of_two.html()
    assert pyplot.get_fignums() == []


def test_a_run_without_an_epoch_has_no_curve_and_a_failed_check_says_so(report_of_two: Report) -> None:
    none = replace(report_of_two, history=deltarule.History.empty("interrupted"), advice="")
    shown = section(read_page(none.html()), "Learning curve")
    assert named(shown) == {"epochs": "0", "best epoch": "0", "stopped": "interrupted by Ctrl-C."}
    failed = replace(report_of_two, gradient=replace(report_of_two.gradient, gap=0.5))
    assert "Gradient check: FAILED" in text_of(section(read_page(failed.html()), "Gradient check"))


def test_a_report_is_written_whole_without_a_display(tmp_path: Path) -> None:
    code = (
        "import sys, deltarule\n"
        "clf = deltarule.MLPClassifier((), solver='lbfgs', random_state=0).fit([[0.0], [1.0]], ['a', 'b'])\n"
        "assert 'matplotlib' not in sys.modules\n"
        "deltarule.report(clf, [[0.0], [1.0]], ['a', 'b'], sys.argv[1])\n"
    )
    environment = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "MPLBACKEND")}
    path = tmp_path / "report.html"
    subprocess.run([sys.executable, "-c", code, path], check=True, env=environment)
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]
    assert [text_of(h1) for h1 in read_page(path.read_text(encoding="utf-8")).iter("h1")] == ["MLPClassifier 1-1"]


def test_without_matplotlib_the_message_comes_before_the_work_and_nothing_is_written(
    report_of_two: Report, two: Judged, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deltarule.pictures.style.find_spec", lambda _: None)
    monkeypatch.setattr("deltarule.reporting.of_fitted.fitted", lambda _: pytest.fail("the work began"))
    for call in (
        lambda: deltarule.report(two.model, two.X, two.y, tmp_path / "report.html"),
        lambda: report_of_two.save(tmp_path / "report.html"),
    ):
        with pytest.raises(ImportError, match=r"^Drawing needs matplotlib: pip install 'deltarule\[cli\]'$"):
            call()
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_found_before_the_work(
    two: Judged, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deltarule.reporting.of_fitted.fitted", lambda _: pytest.fail("the work began"))
    with pytest.raises(OutputError, match="there is no folder"):
        deltarule.report(two.model, two.X, two.y, tmp_path / "nowhere" / "report.html")


def test_a_report_that_cannot_be_finished_leaves_the_old_file(
    report_of_two: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "report.html"
    path.write_text("old")
    monkeypatch.setattr("deltarule.reporting.document._provenance", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        report_of_two.save(path)
    assert path.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_what_a_run_gave_notice_of_is_on_the_page(report_of_two: Report) -> None:
    assert report_of_two.history is not None
    noted = replace(report_of_two, history=replace(report_of_two.history, notices=(HOSTILE,)))
    assert named(section(read_page(noted.html()), "Learning curve"))["note"] == HOSTILE
