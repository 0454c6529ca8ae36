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
from deltarule.exchange.writing.checking import cells_of
from deltarule.exchange.writing.from_models import exported_of
from deltarule.tables import TableEncoder
from exported_models import LABELS, classifier, fitted, mixed, of_table

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
    model = of_table(encoder, estimator)
    export(model, tmp_path / "m.pmml")
    scorer = pypmml.Model.load(str(tmp_path / "m.pmml"))
    rows = mixed(40, seed=2)
    cells = cells_of(encoder, exported_of(model), rows)
    said = [
        scorer.predict({name: None if one != one else one for name, one in zip(encoder.kinds, row, strict=True)})
        for row in zip(*(column.tolist() for column in cells), strict=True)
    ]
    found = np.array([[one[f"probability({label})"] for label in estimator.classes_] for one in said])
    assert "" in rows["colour"].to_list()
    np.testing.assert_allclose(found, estimator.predict_proba(encoder.transform(rows)), atol=1e-12)
