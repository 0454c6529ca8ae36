"""PMML files: what they refuse, and what is in them; `test_every_format.py` scores them."""

import shutil
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from deltarule.common.errors import InputError
from deltarule.estimators.classifier import MLPClassifier
from deltarule.exchange.writing import export
from deltarule.tables import TableEncoder
from exported_models import LABELS, classifier, fitted, of_table

SPACE = "{http://www.dmg.org/PMML-4_4}"


def test_two_classes_add_no_layer_and_keep_both_tails(tmp_path: Path) -> None:
    X = np.eye(3)
    estimator = fitted(MLPClassifier((2,)), X, np.array(["a", "b", "a"]))
    export(estimator, tmp_path / "m.pmml")
    layers = ElementTree.parse(tmp_path / "m.pmml").findall(f".//{SPACE}NeuralLayer")
    assert [layer.get("activationFunction") for layer in layers] == ["rectifier", "logistic"]
    first, second = (
        [float(str(one.get("weight"))) for one in neuron if one.tag == f"{SPACE}Con"] for neuron in layers[1]
    )
    assert first == [-weight for weight in second]
    assert second == estimator.coefs_[1][:, 0].tolist()


def test_fields_take_unknown_words_and_no_gap_is_replaced_before_it_is_marked(
    encoder: TableEncoder, table: pd.DataFrame, tmp_path: Path
) -> None:
    export(of_table(encoder, classifier(encoder.transform(table), LABELS["two words"])), tmp_path / "m.pmml")
    tree = ElementTree.parse(tmp_path / "m.pmml")
    fields = [one for one in tree.findall(f".//{SPACE}MiningField") if one.get("usageType") != "target"]
    assert [one.get("name") for one in fields] == list(encoder.kinds)
    assert {one.get("invalidValueTreatment") for one in fields} == {"asIs"}
    assert not [one for one in fields if one.get("missingValueReplacement")]


def test_a_word_that_no_xml_holds_is_refused(tmp_path: Path) -> None:
    table = pd.DataFrame({"a": ["x\x01", "z"] * 4})
    encoder = TableEncoder.fit(table)
    with pytest.raises(InputError, match="control character"):
        export(of_table(encoder, classifier(encoder.transform(table), LABELS["booleans"])), tmp_path / "m.pmml")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not shutil.which("java"), reason="there is no Java")
def test_pmml4s_says_what_the_model_says(encoder: TableEncoder, table: pd.DataFrame, tmp_path: Path) -> None:
    pypmml = pytest.importorskip("pypmml")
    estimator = classifier(encoder.transform(table), LABELS["three words"], 0.5)
    export(of_table(encoder, estimator), tmp_path / "m.pmml")
    scorer = pypmml.Model.load(str(tmp_path / "m.pmml"))
    row = {
        "x": 0.5,
        "size (m²)": None,
        "day": 18322.0,
        "seen at": 18322.25,
        "took": 2.0,
        "colour": "new",
        "flag": "true",
    }
    told = pd.DataFrame(
        {
            "x": [0.5],
            "size (m²)": [np.nan],
            "day": pd.to_datetime(["2020-03-01"]),
            "seen at": pd.to_datetime(["2020-03-01 06:00"]),
            "took": pd.to_timedelta([2], unit="D"),
            "colour": ["new"],
            "probability": [None],
            "flag": [True],
        }
    )
    said = scorer.predict({**row, "probability": None, "flag": "true"})
    expected = estimator.predict_proba(encoder.transform(told))[0]
    found = [said[f"probability({label})"] for label in estimator.classes_]
    np.testing.assert_allclose(found, expected, atol=1e-12)
