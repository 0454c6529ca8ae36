"""TableRegressor with each loss: what it predicts, watches, keeps and refuses, and scikit-learn's measures of it."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import make_regression
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import HuberRegressor
from sklearn.metrics import d2_pinball_score, mean_pinball_loss, mean_poisson_deviance
from sklearn.model_selection import cross_val_score
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import check_estimator

import deltarule.tabular.side_by_side as training
from deltarule import Checkpoint, TableRegressor, load
from deltarule.common.arrays import Array
from deltarule.common.errors import CheckpointError, InputError, SettingsError
from deltarule.engines import native
from deltarule.tabular.quantities import Quantity
from deltarule.tabular.words import cost_of_row, watched_by
from small_tables import QUICK, table

ENGINES = ["reference", *(["native"] if native.available() else [])]
LOSSES = ("squared_error", "poisson", "huber", "pinball")


def problem(noise: str, rows: int = 900) -> tuple[Array, Array, Array]:
    """X, y with noise of a kind, and the truth without it."""
    generator = np.random.default_rng(0)
    X = generator.standard_normal((rows, 4))
    f = 0.5 * X[:, 0] + 0.8 * np.sin(2 * X[:, 1])
    if noise == "poisson":
        return X, generator.poisson(3 * np.exp(f)).astype(float), 3 * np.exp(f)
    if noise == "heavy":
        return X, f + 0.3 * generator.standard_t(1.2, rows), f
    return X, f + generator.standard_normal(rows) * np.where(X[:, 3] > 0, 0.7, 0.2), f


def learnt(noise: str, **changes: Any) -> tuple[TableRegressor, Array, Array, Array]:
    X, y, f = problem(noise)
    given = {"n_members": 2, "epochs": 40, "hidden_layer_sizes": (32, 32), "random_state": 0}
    reg = TableRegressor(**{**given, **changes}).fit(X[:600], y[:600])
    return reg, X[600:], y[600:], f[600:]


@pytest.mark.parametrize("engine", ENGINES)
def test_counts_are_predicted_with_half_the_deviance_of_their_mean(engine: str) -> None:
    reg, X, y, _ = learnt("poisson", loss="poisson", engine=engine)
    predicted = reg.predict(X)
    assert (predicted > 0).all()
    train, of_train, _ = problem("poisson")
    deviance = mean_poisson_deviance(y, predicted)
    constant = DummyRegressor().fit(train[:600], of_train[:600])
    assert deviance < 0.5 * mean_poisson_deviance(y, constant.predict(X))


@pytest.mark.parametrize("engine", ENGINES)
def test_outliers_do_little_to_the_huber_loss(engine: str) -> None:
    errors = {}
    for loss in ("squared_error", "huber"):
        reg, X, _, truth = learnt("heavy", loss=loss, engine=engine)
        errors[loss] = np.abs(reg.predict(X) - truth).mean()
    assert errors["huber"] < 0.5 * errors["squared_error"]
    train, y, _ = problem("heavy")
    assert errors["huber"] < np.abs(HuberRegressor().fit(train[:600], y[:600]).predict(X) - truth).mean()


@pytest.mark.parametrize("engine", ENGINES)
def test_quantiles_are_as_often_above_y_as_they_say_and_never_cross(engine: str) -> None:
    reg, X, y, _ = learnt("uneven", loss="pinball", engine=engine)
    quantiles = reg.predict(X)
    assert quantiles.shape == (300, 3)
    assert (np.diff(quantiles, axis=1) >= 0).all()
    np.testing.assert_allclose((y[:, np.newaxis] <= quantiles).mean(axis=0), (0.1, 0.5, 0.9), atol=0.08)
    width = quantiles[:, 2] - quantiles[:, 0]
    assert width[X[:, 3] > 0].mean() > 1.3 * width[X[:, 3] <= 0].mean()
    scores = [d2_pinball_score(y, quantiles[:, k], alpha=tau) for k, tau in enumerate((0.1, 0.5, 0.9))]
    assert min(scores) > 0.2
    assert reg.score(X, y) == pytest.approx(np.mean(scores))


def test_many_quantiles_do_not_cross_far_outside_the_training_rows() -> None:
    X, y, _ = problem("uneven", 200)
    quantiles = tuple(np.linspace(0.01, 0.99, 33))
    reg = TableRegressor(**{**QUICK, "loss": "pinball", "quantiles": quantiles}).fit(X, y)
    predicted = reg.predict(1e3 * X)
    assert predicted.shape == (200, 33)
    assert (np.diff(predicted, axis=1) >= 0).all()


def test_scikit_learns_check_of_several_quantities_passes_with_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    # The check draws y below 0, whatever the tag positive_only says; with |y| the rest of it holds.
    def counts(**given: Any) -> tuple[Array, Array]:
        X, y = make_regression(**given)
        return X, np.abs(y)

    monkeypatch.setattr(estimator_checks, "make_regression", counts)
    reg = TableRegressor(1, loss="poisson", epochs=5, hidden_layer_sizes=(8,), random_state=0)
    estimator_checks.check_regressor_multioutput("TableRegressor", reg)


@pytest.mark.parametrize("loss", LOSSES)
def test_what_is_watched_is_the_loss_on_held_out_rows(loss: str) -> None:
    X, y, _ = problem("poisson", 300)
    held = (X[200:], y[200:])
    given = {**QUICK, "n_members": 1, "loss": loss, "dtype": "float64"}
    reg = TableRegressor(**given).fit(X[:200], y[:200], eval_set=held)
    (member,) = reg.members_
    z = reg._outputs(X[200:])[0]
    scale = reg.quantity_
    free = Quantity(scale.means, scale.deviations, np.array([-np.inf]), np.array([np.inf]), True, loss, scale.numbers)
    predicted = free.decode(z)
    if loss == "squared_error":
        watched = np.sqrt(np.mean((predicted - held[1]) ** 2)) / scale.deviations[0]
    elif loss == "poisson":
        watched = mean_poisson_deviance(held[1], predicted) / 2 / scale.deviations[0]
    elif loss == "pinball":
        losses = [mean_pinball_loss(held[1], predicted[:, k], alpha=tau) for k, tau in enumerate((0.1, 0.5, 0.9))]
        watched = np.mean(losses) / scale.deviations[0]
    else:
        r = np.abs(predicted - held[1]) / scale.deviations[0]
        watched = np.mean(np.where(r <= 1.35, r**2 / 2, 1.35 * (r - 1.35 / 2)))
    assert min(member.values) == pytest.approx(watched, rel=1e-9)


@pytest.mark.parametrize("loss", LOSSES)
def test_both_engines_learn_the_same_and_threads_change_no_bit(loss: str) -> None:
    X, y, _ = problem("poisson", 150)
    given = {**QUICK, "loss": loss, "dtype": "float64", "n_members": 3}
    judge = TableRegressor(**given, engine="reference").fit(X, y)
    if not native.available():
        pytest.skip("the compiled core was not built")
    one, two = (TableRegressor(**given, engine="native", n_threads=n).fit(X, y) for n in (1, 2))
    np.testing.assert_array_equal(one.predict(X), two.predict(X))
    np.testing.assert_allclose(one.predict(X), judge.predict(X), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("loss", LOSSES)
def test_a_model_file_predicts_the_same_bits(loss: str, tmp_path: Path) -> None:
    frame = table()
    reg = TableRegressor(**QUICK, loss=loss, quantiles=[0.25, 0.75], delta=0.5).fit(frame, frame["count"])
    reg.save(tmp_path / "model")
    again: Any = load(tmp_path / "model")
    np.testing.assert_array_equal(again.predict(frame), reg.predict(frame))
    assert again.score(frame, frame["count"]) == reg.score(frame, frame["count"])
    assert np.isfinite(reg.feature_importances_).all()
    assert clone(again).get_params()["quantiles"] == [0.25, 0.75]


@pytest.mark.parametrize("loss", ["poisson", "huber", "pinball"])
def test_a_checkpoint_goes_on_with_the_loss_and_refuses_another(
    loss: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    X, y, _ = problem("poisson", 150)
    whole = TableRegressor(**QUICK, loss=loss).fit(X, y)
    monkeypatch.setattr(training._Clock, "is_over", property(lambda clock: clock.seconds > 0))
    call: dict[str, Any] = {"checkpoint": Checkpoint(tmp_path / "run", epochs=1)}
    TableRegressor(**QUICK, loss=loss).fit(X, y, **call)
    monkeypatch.undo()
    call["resume"] = True
    with pytest.raises(CheckpointError, match=f"loss was '{loss}' and is 'squared_error'"):
        TableRegressor(**QUICK).fit(X, y, **call)
    if loss != "poisson":
        with pytest.raises(CheckpointError, match="quantiles or delta were"):
            TableRegressor(**QUICK, loss=loss, quantiles=(0.2, 0.5, 0.9), delta=2.0).fit(X, y, **call)
    again = TableRegressor(**QUICK, loss=loss, quantiles=[0.1, 0.5, 0.9]).fit(X, y, **call)
    np.testing.assert_array_equal(whole.predict(X), again.predict(X))
    assert whole.members_ == again.members_


def test_a_weight_of_two_counts_twice_in_every_scale() -> None:
    y = np.array([0.0, 1.0, 5.0, 2.0, 9.0])
    weights, twice = np.array([1.0, 2.0, 1.0, 2.0, 1.0]), y[[0, 1, 1, 2, 3, 3, 4]]
    for loss in LOSSES:
        one, other = Quantity.of(y, weights, loss, (0.5,)), Quantity.of(twice, None, loss, (0.5,))
        np.testing.assert_allclose(one.means, other.means)
        np.testing.assert_allclose(one.deviations, other.deviations)


def test_several_counts_and_several_centres_are_learnt_at_once() -> None:
    X, y, _ = problem("poisson", 150)
    Y = np.column_stack([y, 2 * y + 1])
    for loss in ("poisson", "huber"):
        predicted = TableRegressor(**QUICK, loss=loss).fit(X, Y).predict(X)
        assert predicted.shape == (150, 2)
        assert (predicted >= Y.min(axis=0)).all()


def test_counts_that_are_all_0_and_quantities_whose_quartiles_coincide_are_learnt() -> None:
    X = np.random.default_rng(0).standard_normal((60, 2))
    assert TableRegressor(**QUICK, loss="poisson").fit(X, np.zeros(60)).predict(X).max() == 0
    mostly = np.where(np.arange(60) % 10 == 0, 3.0, 1.0)
    for loss in ("huber", "pinball"):
        assert np.isfinite(TableRegressor(**QUICK, loss=loss).fit(X, mostly).predict(X)).all()


def test_negative_counts_are_refused_where_they_stand() -> None:
    X, y, _ = problem("poisson", 40)
    wrong = y.copy()
    wrong[7] = -2
    with pytest.raises(InputError, match=r"y holds -2 in row 7, but loss='poisson' takes numbers of 0 or more"):
        TableRegressor(**QUICK, loss="poisson").fit(X, wrong)
    with pytest.raises(InputError, match=r"y of eval_set holds -2 in row 7"):
        TableRegressor(**QUICK, loss="poisson").fit(X, y, eval_set=(X, wrong))


def test_several_quantities_have_no_quantiles_in_one_estimator() -> None:
    X, y, _ = problem("uneven", 40)
    with pytest.raises(InputError, match=r"y has the shape \(40, 2\), but loss='pinball' predicts .* one quantity"):
        TableRegressor(**QUICK, loss="pinball").fit(X, np.column_stack([y, y]))


@pytest.mark.parametrize(
    "changes",
    [
        {"loss": "absolute"},
        {"quantiles": ()},
        {"quantiles": (0.9, 0.1)},
        {"quantiles": (0.5, 0.5)},
        {"quantiles": (0.0, 0.5)},
        {"quantiles": (0.5, 1.0)},
        {"quantiles": 0.5},
        {"quantiles": "half"},
        {"quantiles": tuple(np.linspace(0.001, 0.999, 300))},
        {"delta": 0.0},
        {"delta": np.inf},
        {"delta": "1"},
    ],
)
def test_a_setting_outside_its_range_is_refused(changes: dict[str, Any]) -> None:
    (name,) = changes
    with pytest.raises(SettingsError, match=f"The '{name}' parameter of TableRegressor must be .* Got "):
        TableRegressor(**QUICK, **changes).fit(np.eye(4), [1.0, 2.0, 3.0, 4.0])


def test_scikit_learn_scores_them_all() -> None:
    X, y, _ = problem("poisson", 90)
    for loss in LOSSES:
        assert np.isfinite(cross_val_score(TableRegressor(**QUICK, loss=loss), X, y, cv=3)).all()


def test_a_frame_is_taken_as_it_comes_with_every_loss() -> None:
    frame = table(200)
    y = 3 * frame["count"] + 10 * frame["open"]
    for loss in LOSSES:
        reg = TableRegressor(2, epochs=40, hidden_layer_sizes=(32,), random_state=0, loss=loss).fit(frame, y)
        assert reg.score(frame, y) > 0.6
        assert list(pd.Series(reg.feature_importances_, frame.columns).nlargest(2).index) == ["count", "open"]


@pytest.mark.parametrize("loss", ["poisson", "huber"])
def test_scikit_learns_checks_pass(loss: str) -> None:
    reg = TableRegressor(1, loss=loss, epochs=60, hidden_layer_sizes=(32, 32), random_state=0, dtype="float64")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check_estimator(
            reg,
            expected_failed_checks={
                "check_sample_weight_equivalence_on_dense_data": "rows are dealt to folds; repeated ones may be in two",
                **({"check_regressor_multioutput": "its y is below 0; |y| passes"} if loss == "poisson" else {}),
            },
        )


@pytest.mark.parametrize("loss", LOSSES)
def test_what_is_watched_is_said_in_words(loss: str) -> None:
    reg = TableRegressor(loss=loss)
    assert watched_by(reg)
    assert cost_of_row(reg)
