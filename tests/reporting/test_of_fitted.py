"""`deltarule.report` on estimators of tables."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.metrics import log_loss, root_mean_squared_error

from deltarule import TableClassifier, TableRegressor, report
from deltarule.errors import DeltaruleError
from pageback import read_page, section, text_of

QUICK: dict[str, Any] = {"n_members": 2, "epochs": 6, "hidden_layer_sizes": (8,), "random_state": 0}


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    generator = np.random.default_rng(0)
    columns = {"size": generator.normal(size=80), "town": generator.choice(["Ulm", "Bonn"], 80), "same": 1}
    return pd.DataFrame(columns)


@pytest.fixture(scope="module")
def labels(table: pd.DataFrame) -> "pd.Series[str]":
    return pd.Series(
        ["yes" if high else "no" for high in table["size"] + (table["town"] == "Ulm") > 0.3], name="bought"
    )


def test_a_classifier_of_tables_is_reported_with_its_members_columns_and_measures(
    table: pd.DataFrame, labels: "pd.Series[str]", tmp_path: Path
) -> None:
    clf = TableClassifier(**QUICK).fit(table, labels)
    found = report(clf, table, labels, tmp_path / "report.html", about={"source": "made up"}, costly=3)
    measures = {one.name: one.value for one in found.measures}
    assert measures["error"] == pytest.approx(1 - clf.score(table, labels))
    assert measures["log-loss"] == pytest.approx(log_loss(labels, clf.predict_proba(table)))
    assert found.title == "bought, predicted by 2 networks together"
    assert found.about == {"source": "made up", "target": "bought"}
    assert [column.name for column in found.columns] == ["size", "town"]
    assert found.dropped == {"same": "one value only"}
    assert len(found.costly) == 3
    assert found.importance is not None
    assert found.importance.names[0] == "size"
    assert found.command.splitlines()[1] == "deltarule.report(model, X, y, 'report.html', costly=3)"
    page = read_page((tmp_path / "report.html").read_text())
    assert "log-loss" in text_of(section(page, "Measures"))


def test_rows_without_names_and_several_quantities_are_reported_too(table: pd.DataFrame) -> None:
    X = table[["size"]].to_numpy()
    Y = np.column_stack([X[:, 0], -2 * X[:, 0]])
    reg = TableRegressor(**QUICK).fit(X, Y)
    measures = {one.name: one.value for one in report(reg, X, Y).measures}
    assert measures["root mean squared error"] == pytest.approx(
        np.sqrt(np.mean([root_mean_squared_error(Y[:, k], reg.predict(X)[:, k]) ** 2 for k in (0, 1)]))
    )


def test_a_cell_that_training_did_not_have_is_a_note_of_the_report(
    table: pd.DataFrame, labels: "pd.Series[str]"
) -> None:
    clf = TableClassifier(**QUICK).fit(table, labels)
    about = report(clf, table.replace({"town": {"Ulm": "Rome"}}), labels).about
    assert "Rome" in about["note 1"]


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda clf, X, y: report(TableClassifier(), X, y), NotFittedError, "not fitted"),
        (lambda clf, X, y: report(clf, X, ["maybe"] * 80), DeltaruleError, "the label 'maybe', which is none of"),
        (lambda clf, X, y: report(clf, X.drop(columns="size"), y), DeltaruleError, "no column 'size'"),
        (lambda clf, X, y: report(clf, X, y[:5]), DeltaruleError, "y has 5 values, but X has 80 rows"),
        (lambda clf, X, y: report(clf, X, y, table=X), DeltaruleError, "encodes itself. Leave table=… out"),
        (lambda clf, X, y: report(clf, X, np.full((80, 2), 0.5)), DeltaruleError, "Give|give the label of each row"),
    ],
)
def test_what_cannot_be_reported_is_said(
    table: pd.DataFrame, labels: "pd.Series[str]", call: Callable[..., Any], error: type[Exception], words: str
) -> None:
    clf = TableClassifier(**QUICK).fit(table, labels)
    with pytest.raises(error, match=words):
        call(clf, table, labels)
