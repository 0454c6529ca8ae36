"""TableClassifier and TableRegressor on frames as they come: what they learn, predict, refuse and say."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.inspection import permutation_importance
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, cross_val_score

import deltarule
from deltarule import TableClassifier, TableRegressor, load
from deltarule.common.arrays import Array
from deltarule.common.errors import InputError, ModelFileError, SettingsError, ShapeError
from deltarule.engines import native
from deltarule.models.model_file import load_table_model
from deltarule.network.units import OUTPUT_UNITS
from deltarule.tabular.importance import Watched, importances
from small_tables import QUICK, fitted, labels_of, table

ENGINES = ["reference", *(["native"] if native.available() else [])]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_frame_of_every_kind_of_column_is_learnt(engine: str) -> None:
    frame = table(400)
    y = labels_of(frame)
    clf = TableClassifier(2, epochs=40, hidden_layer_sizes=(32,), random_state=0, engine=engine).fit(
        frame[:300], y[:300]
    )
    assert clf.score(frame[300:], y[300:]) > 0.85
    assert log_loss(y[300:], clf.predict_proba(frame[300:])) < 0.4
    reg = TableRegressor(2, epochs=60, hidden_layer_sizes=(32,), random_state=0, engine=engine)
    target = 3 * frame["count"] + 10 * frame["open"]
    assert reg.fit(frame[:300], target[:300]).score(frame[300:], target[300:]) > 0.95


def test_pandas_polars_and_arrow_give_the_same_model_and_the_order_of_columns_does_not_matter() -> None:
    frame = table()
    y = labels_of(frame)
    expected = fitted().predict_proba(frame)
    for other in (pl.from_pandas(frame), pa.Table.from_pandas(frame)):
        clf = TableClassifier(**QUICK).fit(other, y)
        np.testing.assert_array_equal(clf.predict_proba(other), expected)
        np.testing.assert_array_equal(clf.predict_proba(frame[frame.columns[::-1]]), expected)


def test_words_that_were_never_seen_are_predicted_and_count_as_one_unknown_word() -> None:
    clf, frame = fitted(), table(20, seed=5)
    frame.loc[0, ["colour", "town"]] = "violet", "nowhere"
    frame.loc[1] = frame.loc[0]
    frame.loc[1, ["colour", "town"]] = "pink", "elsewhere"
    found = clf.predict_proba(frame.infer_objects())
    assert np.isfinite(found).all()
    np.testing.assert_array_equal(found[0], found[1])


def test_probabilities_of_classes_are_learnt_as_they_are() -> None:
    frame = table(300)
    share = np.where(frame["count"] > 4, 0.9, 0.3)
    y = pd.DataFrame({"high": share, "low": 1 - share})
    clf = TableClassifier(2, epochs=60, hidden_layer_sizes=(16,), random_state=0).fit(frame, y)
    assert clf.classes_.tolist() == ["high", "low"]
    assert np.abs(clf.predict_proba(frame)[:, 0] - share).mean() < 0.1
    with pytest.raises(InputError, match=r"row 0 of y sum to 1\.2"):
        clf.fit(frame, y + 0.1)


def test_a_frame_that_lacks_a_column_is_refused_by_its_name() -> None:
    clf = fitted()
    with pytest.raises(InputError, match="town"):
        clf.predict(table().drop(columns="town"))


def test_the_same_seed_gives_the_same_bits_on_one_thread_and_on_two() -> None:
    frame = table()
    one, two = (fitted(n_threads=n).predict_proba(frame) for n in (1, 2))
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(fitted(random_state=1).predict_proba(frame), one)


@pytest.mark.parametrize("objective", ["accuracy", "log_loss", "auc"])
def test_every_objective_watches_and_gives_probabilities(objective: str) -> None:
    clf = fitted(objective=objective)
    probabilities = clf.predict_proba(table())
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_allclose(np.exp(clf.predict_log_proba(table())), probabilities, rtol=1e-12)
    assert all(1 <= member.best_epoch <= 6 and len(member.values) == 6 for member in clf.members_)


def test_each_member_is_kept_at_the_epoch_with_the_smallest_value_and_the_later_of_equal_ones() -> None:
    for member in fitted(epochs=12).members_:
        values = np.array(member.values)
        assert member.best_epoch == np.flatnonzero(values == values.min())[-1] + 1


def test_probabilities_of_the_committee_are_the_mean_of_its_calibrated_members() -> None:
    clf, frame = fitted(n_members=3), table()
    z = clf._outputs(frame)
    second = np.mean([OUTPUT_UNITS["sigmoid"].h(clf._calibration.scaled(one[:, 1:] - one[:, :1])) for one in z], axis=0)
    mean = np.hstack([1 - second, second])
    np.testing.assert_allclose(clf.predict_proba(frame), mean, rtol=1e-9)


def test_more_classes_and_classes_of_any_type_come_back_as_they_were_given() -> None:
    frame = table()
    for y in (frame["count"].to_numpy() % 3, np.array(["a", "b", "c"])[frame["count"] % 3], frame["open"].to_numpy()):
        clf = TableClassifier(**QUICK).fit(frame, y)
        assert clf.predict(frame).dtype.kind == y.dtype.kind
        assert set(clf.predict(frame).tolist()) <= set(y.tolist())


def test_a_regressor_of_several_quantities_predicts_within_what_it_has_seen() -> None:
    frame = table()
    Y = np.column_stack([frame["count"], 1e6 + frame["open"]])
    reg = TableRegressor(**QUICK).fit(frame, Y)
    found = reg.predict(frame)
    assert found.shape == Y.shape
    assert ((found >= Y.min(axis=0)) & (found <= Y.max(axis=0))).all()
    assert TableRegressor(**QUICK).fit(frame, Y[:, 0]).predict(frame).shape == (120,)


# Which rows are held out


def test_groups_stay_whole() -> None:
    frame = table()
    groups = np.arange(120) % 7
    job = TableClassifier(**QUICK)._job(frame, labels_of(frame), None, None, groups)
    for split in job.splits.members:
        assert len(split.validation)
        assert not set(groups[split.training]) & set(groups[split.validation])


def test_a_class_with_fewer_rows_than_folds_takes_fewer_folds_and_says_so() -> None:
    frame = table()
    y = labels_of(frame)
    y[:3] = "rare"
    clf = TableClassifier(**{**QUICK, "n_members": 5})
    clf.fit(frame, y)
    assert any("3 folds instead of 5" in str(notice) for notice in clf.notices_)
    assert clf.classes_.tolist() == ["large", "rare", "small"]


def test_validation_by_time_watches_the_last_rows() -> None:
    frame = table()
    job = TableClassifier(**{**QUICK, "validation": "time"})._job(frame, labels_of(frame), None, None, None)
    for split in job.splits.members:
        assert split.validation.min() > split.training.max()


def test_an_eval_set_is_watched_by_all_members_which_learn_from_all_rows() -> None:
    frame, other = table(), table(40, seed=3)
    clf = TableClassifier(**QUICK)
    job = clf._job(frame, labels_of(frame), None, (other, labels_of(other)), None)
    assert all(len(split.training) == 120 for split in job.splits.members)
    assert job.watched is not None
    assert job.watched.rows == 40
    clf.fit(frame, labels_of(frame), eval_set=(other, labels_of(other)))
    with pytest.raises(InputError, match="eval_set is a list of length 1"):
        clf.fit(frame, labels_of(frame), eval_set=[(other, labels_of(other))])  # type: ignore[arg-type]


def test_a_row_of_weight_0_counts_as_if_it_were_not_there() -> None:
    frame = table()
    y, weights = labels_of(frame), np.ones(120)
    weights[100:] = 0
    weighed = TableClassifier(**QUICK).fit(frame, y, weights).predict_proba(frame)
    np.testing.assert_array_equal(TableClassifier(**QUICK).fit(frame[:100], y[:100]).predict_proba(frame), weighed)


# At home in scikit-learn


def test_scikit_learn_scores_searches_calibrates_and_shuffles_them() -> None:
    frame = table()
    y = labels_of(frame)
    assert cross_val_score(TableClassifier(**QUICK), frame, y, cv=2).shape == (2,)
    search = GridSearchCV(TableClassifier(**QUICK), {"epochs": [2, 4]}, cv=2).fit(frame, y)
    assert search.best_params_["epochs"] in (2, 4)
    calibrated = CalibratedClassifierCV(TableClassifier(**QUICK), cv=2).fit(frame, y)
    assert calibrated.predict_proba(frame).shape == (120, 2)
    found = permutation_importance(fitted(), frame, y, n_repeats=2, random_state=0)
    assert found.importances_mean.shape == (6,)


def test_a_pickle_and_a_model_file_predict_the_same_bits(tmp_path: Any) -> None:
    frame = table()
    for estimator, y in ((TableClassifier(**QUICK), labels_of(frame)), (TableRegressor(**QUICK), frame["count"])):
        estimator.fit(frame, y)
        path = tmp_path / "model.deltarule"
        estimator.save(path)
        read = deltarule.load(path)
        assert type(read) is type(estimator)
        assert read.get_params() == estimator.get_params()
        assert read.members_ == estimator.members_
        assert read.notices_ == estimator.notices_
        for again in (pickle.loads(pickle.dumps(estimator)), read):
            np.testing.assert_array_equal(again.predict(frame), estimator.predict(frame))
        if isinstance(estimator, TableClassifier):
            np.testing.assert_array_equal(read.predict_proba(frame), estimator.predict_proba(frame))
            assert read.classes_.tolist() == estimator.classes_.tolist()


def test_the_command_line_says_that_such_a_model_predicts_in_python(tmp_path: Any) -> None:
    path = tmp_path / "model.deltarule"
    fitted().save(path)
    with pytest.raises(ModelFileError, match=r"holds a TableClassifier, .* predicts frames there: deltarule\.load"):
        load_table_model(path)


# What is refused, and what is left when something goes wrong


@pytest.mark.parametrize(
    ("X", "y", "error", "message"),
    [
        (table()[:1], ["a"], InputError, "one sample|one class"),
        (table(), ["a"] * 120, InputError, "y holds one class only, 'a'"),
        (table(), ["a"] * 119, ShapeError, "y has 119 values, but X has 120 rows"),
        (table(), ["a", None] * 60, InputError, "gap in 60 of 120 rows, the first in row 1"),
        (table(), [0.0, np.nan] * 60, InputError, "gap in 60 of 120 rows"),
        (table().iloc[:, :0], ["a", "b"] * 60, ShapeError, "0 feature"),
        (table(), [[0, 1], [1, 1]] * 60, InputError, "several labels a row"),
        (table(), None, InputError, "y to be passed"),
        ("train/*.parquet", ["a", "b"], InputError, "X is a str, which is read block by block"),
        (pl.from_pandas(table()).lazy(), ["a", "b"] * 60, InputError, "X is a LazyFrame, .* Collect or read it first"),
    ],
    ids=str,
)
def test_what_cannot_be_learnt_is_refused_in_a_sentence(X: Any, y: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        TableClassifier(**QUICK).fit(X, y)


def test_a_text_among_quantities_is_told_as_it_stands() -> None:
    with pytest.raises(InputError, match="y holds 'b', and a regressor predicts numbers"):
        TableRegressor(**QUICK).fit(table(), ["b"] * 120)


def test_all_columns_dropped_leave_nothing_to_learn_from() -> None:
    frame = table()
    with pytest.raises(ValueError, match="column"):
        TableClassifier(**QUICK, drop=list(frame.columns)).fit(frame, labels_of(frame))


@pytest.mark.parametrize(
    "changes",
    [
        {"n_members": 0}, {"epochs": 1.5}, {"validation": "loo"}, {"objective": "f1"}, {"time_budget": -1},
        {"dtype": "float16"}, {"hidden_layer_sizes": (0,)}, {"drop": ["nothing"]}, {"class_weight": "even"},
    ],
    ids=str,
)  # fmt: skip
def test_a_setting_outside_its_range_is_refused_and_leaves_the_fitted_model(changes: dict[str, Any]) -> None:
    clf, frame = fitted(), table()
    before = clf.predict_proba(frame)
    clf.set_params(**changes)
    with pytest.raises(SettingsError):
        clf.fit(frame, labels_of(frame))
    clf.set_params(**{name: getattr(fitted(), name) for name in changes})
    np.testing.assert_array_equal(clf.predict_proba(frame), before)


def test_the_column_that_decides_matters_most_and_a_dropped_one_not_at_all(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    frame = pd.DataFrame({"noise": generator.normal(size=160), "decides": generator.normal(size=160), "gone": 1.0})
    y = np.where(frame["decides"] > 0, "yes", "no")
    for model in (
        TableClassifier(**{**QUICK, "epochs": 40}).fit(frame, y),
        TableRegressor(**{**QUICK, "epochs": 40}).fit(frame, 3 * frame["decides"]),
    ):
        noise, decides, gone = model.feature_importances_
        low, high = model.importance_intervals_.T
        assert gone == low[2] == high[2] == 0
        assert (low <= model.feature_importances_).all()
        assert (high >= model.feature_importances_).all()
        assert low[1] > 0
        assert decides > 3 * abs(noise)
        model.save(tmp_path / "model")
        read: Any = load(tmp_path / "model")
        assert np.array_equal(read.feature_importances_, model.feature_importances_)


def test_a_row_of_weight_two_counts_twice_in_an_importance() -> None:
    X = np.random.default_rng(0).normal(size=(50, 2))
    weights = np.where(np.arange(50) < 25, 2.0, 1.0)

    def found(weights: Array | None) -> Array:
        one = Watched(np.empty(0), X, X[:, :1], X[:, :1], weights)
        return importances(
            [one], lambda _, X: X[:, :1], lambda z, Y: np.square(z - Y)[:, 0], ["a", "b"], ["a", "b"], seed=1
        )

    assert np.allclose(found(3 * weights), found(weights), rtol=1e-12)
    assert not np.allclose(found(weights)[0], found(None)[0])
    assert np.array_equal(found(np.ones(50)), found(None))


def test_ctrl_c_while_importances_are_measured_keeps_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("deltarule.tabular.base.importances", stopped)
    with pytest.warns(UserWarning, match="without importances"):
        model = TableClassifier(**QUICK).fit(table(), labels_of(table()))
    assert np.isnan(model.feature_importances_).all()
    assert len(model.predict(table())) == 120


def test_a_fit_that_fails_leaves_nothing_on_the_estimator() -> None:
    model = TableClassifier(**QUICK)
    with pytest.raises(ValueError, match="one class"):
        model.fit(table(), np.zeros(120))
    assert not [name for name in vars(model) if name.endswith("_") or name.startswith("_")]
