"""Workbooks: what is in their cells, and what they refuse; `test_every_format.py` computes them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from deltarule.common.errors import InputError
from deltarule.estimators.classifier import MLPClassifier
from deltarule.exchange.writing import export
from deltarule.tables import TableEncoder
from exported_models import LABELS, classifier, fitted, of_table

openpyxl = pytest.importorskip("openpyxl")


def test_every_digit_of_theta_stands_in_the_cells(encoder: TableEncoder, table: pd.DataFrame, tmp_path: Path) -> None:
    estimator = classifier(encoder.transform(table), LABELS["two words"])
    export(of_table(encoder, estimator), tmp_path / "m.xlsx")
    book = openpyxl.load_workbook(tmp_path / "m.xlsx")
    Thetas = [np.array(list(book[f"Theta{n}"].values)) for n in (1, 2, 3)]
    assert np.array_equal(estimator.network_.unroll(Thetas), estimator.theta_)


def test_each_unit_has_a_formula_of_its_own_below_its_name(tmp_path: Path) -> None:
    X = np.eye(2)
    export(fitted(MLPClassifier((2,), "tanh"), X, np.array(["a", "b"])), tmp_path / "m.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "m.xlsx")["Network"]
    told = {f"{group}: {name}": formula for group, name, formula in sheet.iter_cols(values_only=True)}
    assert told["layer 2: z2"] == "=Theta1!$A$2+SUMPRODUCT(Theta1!$B$2:$C$2,$A3:$B3)"
    assert told["layer 2: a2"] == "=TANH($D3)"
    assert told["answer: label"] == '=INDEX(Labels!$A$1:$A$2,MATCH(MAX($H3:$I3),$H3:$I3,0))&""'


def test_words_that_look_like_formulas_or_numbers_stay_words(tmp_path: Path) -> None:
    words = ["=1+1", "01", "Rot", "rot", 'a"b', "-"]
    table = pd.DataFrame({"a": np.array(words * 3, dtype=object)})
    encoder = TableEncoder.fit(table)
    export(of_table(encoder, classifier(encoder.transform(table), LABELS["two words"])), tmp_path / "m.xlsx")
    features = openpyxl.load_workbook(tmp_path / "m.xlsx")["Features"]
    assert [row[4] for row in features.iter_rows(min_row=2, values_only=True)] == sorted(words)
    assert {cell.data_type for cell in features["E"]} == {"s"}


@pytest.mark.parametrize("word", ["a\x01", "_x0041_"])
def test_a_word_that_no_cell_holds_is_refused(word: str, tmp_path: Path) -> None:
    table = pd.DataFrame({"a": [word, "z"] * 4})
    encoder = TableEncoder.fit(table)
    with pytest.raises(InputError, match="cannot stand in a cell"):
        export(of_table(encoder, classifier(encoder.transform(table), LABELS["booleans"])), tmp_path / "m.xlsx")
    assert list(tmp_path.iterdir()) == []


def test_a_network_that_nobody_can_follow_is_refused(tmp_path: Path) -> None:
    estimator = fitted(MLPClassifier((500,)), np.eye(6), np.arange(6) % 2)
    with pytest.raises(InputError, match="has 4001 parameters, and in a workbook one can follow 3000"):
        export(estimator, tmp_path / "m.xlsx")
