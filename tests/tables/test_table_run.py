"""From a table to a trained model."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge, RidgeClassifier
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

import deltarule
from deltarule import MLPClassifier, MLPRegressor
from deltarule.common.errors import SettingsError, TableError
from deltarule.common.messages import Message
from deltarule.tables import TableEncoder
from deltarule.tables.model import HeldOut, HeldOutQuantity
from deltarule.tables.options import TableOptions
from deltarule.tables.table_run import Prepared, TableRun, TableTask, learn, prepare
from passes import count_passes

generator = np.random.default_rng(0)
N = 200
X = generator.normal(size=(N, 2))
TABLE = pd.DataFrame(
    {
        "a": X[:, 0],
        "b": X[:, 1],
        "town": generator.choice(["Ulm", "Bonn"], N),
        "w": generator.integers(0, 3, N),
        "price": (1e6 + 5e4 * X[:, 0] - 3e4 * X[:, 1] + 1e3 * generator.normal(size=N)),
        "sold": np.where(X[:, 0] + X[:, 1] > 0, "yes", "no"),
    }
)
EXACT: dict[str, Any] = {"hidden_layer_sizes": (), "solver": "lbfgs", "max_iter": 200, "tol": 1e-9}


def learnt(target: str, parameters: dict[str, Any] = EXACT, table: pd.DataFrame = TABLE, **more: Any) -> TableRun:
    return learn(prepare(table, TableTask(target, **more)), parameters)


def test_a_quantity_is_learnt_and_judged_in_its_own_units() -> None:
    prepared = prepare(TABLE, TableTask("price", options=TableOptions(drop=("w", "sold"))))
    found = learn(prepared, {**EXACT, "alpha": 0.0})
    assert prepared.held_out is not None
    assert found.outcome is not None
    assert isinstance(found.model.held_out, HeldOutQuantity)
    rows = TABLE.iloc[prepared.held_out.rows]
    judge = Ridge(alpha=1e-9).fit(prepared.training.X, prepared.training.y)
    expected = judge.predict(prepared.held_out.X)
    np.testing.assert_allclose(found.model.predict(rows)[0]["predicted_price"], expected, rtol=1e-5)
    y, predicted = rows["price"].to_numpy(), found.outcome.predicted
    np.testing.assert_array_equal(found.outcome.y, y)
    held_out = found.model.held_out
    assert held_out.r2 == pytest.approx(r2_score(y, predicted), rel=1e-9)
    assert held_out.rmse == pytest.approx(root_mean_squared_error(y, predicted), rel=1e-9)
    assert held_out.mae == pytest.approx(mean_absolute_error(y, predicted), rel=1e-9)
    scale = found.model.scale
    assert scale is not None
    assert held_out.cost == pytest.approx(np.mean((predicted - y) ** 2) / 2 / scale.deviation**2, rel=1e-9)
    assert 500 < held_out.rmse < 2000


def test_labels_are_judged_as_the_estimator_judges_them() -> None:
    prepared = prepare(TABLE, TableTask("sold"))
    found = learn(prepared, EXACT)
    assert prepared.held_out is not None
    assert isinstance(found.model.held_out, HeldOut)
    assert found.model.held_out.accuracy == found.model.estimator.score(prepared.held_out.X, prepared.held_out.y)
    assert found.model.held_out.rows == len(prepared.held_out.y) == 40


def test_every_row_is_encoded_once_and_the_held_out_rows_are_predicted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    encoded: list[int] = []
    encode = TableEncoder.encode

    def counted(self: TableEncoder, table: pd.DataFrame) -> Any:
        encoded.append(len(table))
        return encode(self, table)

    monkeypatch.setattr(TableEncoder, "encode", counted)
    prepared = prepare(TABLE, TableTask("sold"))
    passes = count_passes(monkeypatch)
    learn(prepared, {"max_iter": 3})
    assert (encoded, passes) == ([160, 40], [40])
    encoded.clear()
    learnt("sold", {"max_iter": 3, "early_stopping": True}, validation=0.25)
    assert sorted(encoded) == [40, 40, 120]


def test_held_out_and_watched_rows_are_apart_from_those_that_are_learnt() -> None:
    prepared = prepare(TABLE, TableTask("price", validation=0.25))
    parts = [prepared.training, prepared.watched, prepared.held_out]
    rows = [set(part.rows.tolist()) for part in parts if part is not None]
    assert [len(part) for part in rows] == [120, 40, 40]
    assert set.union(*rows) == set(range(N))


def test_without_early_stopping_the_held_out_rows_are_watched_and_not_copied() -> None:
    prepared = prepare(TABLE, TableTask("price"))
    assert prepared.watched is prepared.held_out


def test_what_only_held_out_rows_hold_is_noticed() -> None:
    prepared = prepare(TABLE, TableTask("sold"))
    assert prepared.held_out is not None
    odd = TABLE.copy()
    odd.loc[prepared.held_out.rows[:3], "town"] = "Jena"
    notices = prepare(odd, TableTask("sold")).notices
    assert any(
        notice.startswith("In the held-out rows, 'town' holds what the model does not know in 3 of 40 rows ('Jena')")
        for notice in notices
    )


def test_a_weight_stands_for_that_many_repetitions_of_its_row() -> None:
    twice = TABLE.loc[TABLE.index.repeat(TABLE["w"])].drop(columns="w").reset_index(drop=True)
    options = TableOptions(drop=("sold",))
    weighted = prepare(TABLE, TableTask("price", holdout=0, weight="w", options=options))
    repeated = prepare(twice, TableTask("price", holdout=0, options=options))
    repeated = replace(repeated, scale=weighted.scale, training=replace(
        repeated.training, X=weighted.encoder.transform(twice), y=twice["price"].to_numpy()
    ))  # fmt: skip
    one, other = (learn(prepared, EXACT).model.estimator.theta_ for prepared in (weighted, repeated))
    np.testing.assert_allclose(one, other, atol=1e-6)
    assert "w" not in weighted.encoder.kinds


@pytest.mark.parametrize(("weight", "cell"), [(-1.0, "'-1.0'"), (np.nan, "'nan'"), (np.inf, "'inf'")])
def test_a_weight_that_is_none_is_refused_with_its_place(weight: float, cell: str) -> None:
    odd = TABLE.assign(w=TABLE["w"].astype(float))
    odd.loc[7, "w"] = weight
    with pytest.raises(TableError, match=rf"'w' holds {cell} in row 7, where a finite number from 0 on belongs"):
        prepare(odd, TableTask("sold", weight="w"))


def test_rows_sorted_by_label_are_said_and_held_out_of_every_label() -> None:
    table = TABLE.sort_values("sold", ignore_index=True)
    prepared = prepare(table, TableTask("sold"))
    assert any("The rows are sorted by 'sold'" in notice for notice in prepared.notices)
    assert prepared.held_out is not None
    assert set(prepared.held_out.y) == {"yes", "no"}
    assert not any("sorted" in notice for notice in prepare(TABLE, TableTask("sold")).notices)


def test_columns_are_dropped_and_kept_as_asked() -> None:
    table = TABLE.assign(number=range(N))
    assert "number" not in prepare(table, TableTask("sold")).encoder.kinds
    kept = prepare(table, TableTask("sold", options=TableOptions(keep=("number",), drop=("town",))))
    assert "number" in kept.encoder.kinds
    assert kept.encoder.dropped == {"town": "asked"}


def test_settings_of_classes_are_refused_for_a_quantity() -> None:
    with pytest.raises(
        SettingsError, match=r"label_smoothing=0\.1 acts on classes, but the target is a quantity"
    ) as told:
        learnt("price", {**EXACT, "label_smoothing": 0.1})
    assert isinstance(told.value.args[0], Message)
    learnt("price", {**EXACT, "label_smoothing": 0.0, "output": "auto", "class_weight": None})


def test_class_weights_name_labels_as_text_whatever_they_are() -> None:
    table = TABLE.assign(sold=(TABLE["sold"] == "yes").astype(int))
    model = learnt("sold", {**EXACT, "class_weight": {"1": 3.0}}, table).model
    assert model.estimator.get_params()["class_weight"] == {1: 3.0}


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        ({"holdout": 1.0}, r"holdout=1\.0 is not in \[0, 1\)"),
        ({"weight": "sold"}, "The target 'sold' is named in weight, too"),
        ({"options": TableOptions(drop=("sold",))}, "The target 'sold' is named in drop, too"),
        ({"weight": "w", "options": TableOptions(keep=("w",))}, "The column of weights 'w' is named in drop or keep"),
    ],
)
def test_a_task_that_cannot_be_is_refused(more: dict[str, Any], complaint: str) -> None:
    with pytest.raises(SettingsError, match=complaint):
        TableTask("sold", **more)


def test_predictions_of_a_table_are_a_row_for_each_of_its_rows_with_labels_as_they_stood() -> None:
    table = TABLE.assign(sold=TABLE["sold"].map({"yes": "01", "no": "02"}))
    model = learnt("sold", table=table).model
    predictions, notices = model.predict(table.drop(columns="sold"))
    assert list(predictions.columns) == ["predicted_sold", "probability_01", "probability_02"]
    assert set(predictions["predicted_sold"]) == {"01", "02"}
    assert (len(predictions), notices) == (N, ())
    assert "sold" in model.as_text


def test_a_linear_classifier_of_a_table_agrees_with_one_of_scikit_learn() -> None:
    prepared: Prepared = prepare(TABLE, TableTask("sold", holdout=0))
    model = learn(prepared, {**EXACT, "alpha": 0.0}).model
    judge = RidgeClassifier().fit(prepared.training.X, prepared.training.y)
    predicted = model.predict(TABLE)[0]["predicted_sold"].to_numpy()
    assert np.mean(predicted == judge.predict(prepared.training.X)) > 0.95


@pytest.mark.parametrize("target", ["price", "sold"])
def test_the_gradient_of_a_table_model_is_right(target: str) -> None:
    prepared = prepare(TABLE, TableTask(target))
    found = learn(prepared, {"hidden_layer_sizes": (4,), "activation": "tanh", "solver": "lbfgs", "max_iter": 20})
    assert isinstance(found.model.estimator, MLPRegressor if target == "price" else MLPClassifier)
    assert found.outcome is not None
    data, estimator = found.outcome.data, found.model.estimator
    assert deltarule.check_gradient(estimator.network_, estimator.theta_, data.X, data.Y, lambda_=0.1).passed
