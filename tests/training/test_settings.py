"""Every setting is declared once, and every surface offers the same."""

import inspect
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier as Judge

from deltarule import MLPClassifier
from deltarule.common.errors import SettingsError
from deltarule.training.settings import CLASSIFIER_SETTINGS, SETTINGS, Settings

BAD: dict[str, list[Any]] = {
    "solver": ["newton", 3],
    "alpha": [-1e-9, np.nan, "1", None, 10**400, Fraction(10**400)],
    "batch_size": [0, 2.5, "all", True],
    "learning_rate": ["fast"],
    "learning_rate_init": [0, -0.1, np.inf],
    "power_t": [-1],
    "max_iter": [0, 1.5, True],
    "shuffle": [1, "yes"],
    "tol": [-1e-4],
    "momentum": [-0.1, 1.1],
    "nesterovs_momentum": [1],
    "early_stopping": [None],
    "validation_fraction": [1.0, -0.1],
    "beta_1": [1.0, -0.1],
    "beta_2": [1.0],
    "epsilon": [0.0],
    "n_iter_no_change": [0, 1.5],
    "max_fun": [0],
    "warmup": [-1, np.inf],
    "dropout": [1.0, -0.1, "half", (0.5, 1.0), True, None, np.array(0.5), np.full((1, 1), 0.5)],
    "weight_decay": [-0.1, None],
    "dropout_schedule": ["cosine", None],
    "weight_decay_schedule": ["flat", 1],
    "max_grad_norm": [0, -1, "1"],
    "on_divergence": ["ignore"],
    "engine": ["gpu", None],
    "dtype": ["float16", np.float32],
    "n_threads": [0, -1, 1.5],
}


def test_every_setting_has_bad_values_here() -> None:
    assert set(BAD) == set(SETTINGS)


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in BAD.items() for value in values])
def test_value_outside_its_range_is_refused_with_name_range_and_value(name: str, value: Any) -> None:
    with pytest.raises(SettingsError, match=f"The '{name}' parameter of Settings must be .* Got .* instead"):
        Settings(**{name: value})


BAD_FOR_CLASSIFIERS: dict[str, list[Any]] = {
    "output": ["relu", None],
    "class_weight": ["even", {"a": -1.0}, {"a": np.nan}, 2.0],
    "label_smoothing": [1.0, -0.1, None],
}


def test_every_setting_of_classifiers_has_bad_values_here() -> None:
    assert set(BAD_FOR_CLASSIFIERS) == set(CLASSIFIER_SETTINGS)


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in BAD_FOR_CLASSIFIERS.items() for value in values]
)
def test_value_outside_its_range_is_refused_by_the_classifier(name: str, value: Any) -> None:
    clf = MLPClassifier(**{name: value})
    with pytest.raises(SettingsError, match=f"The '{name}' parameter of MLPClassifier must be .* Got .* instead"):
        clf.fit([[0.0], [1.0]], [0, 1])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("warmup", 1),
        ("dropout", 0.2),
        ("dropout", [0.0, 0.2]),
        ("weight_decay", 0.1),
        ("max_grad_norm", 1.0),
        ("dropout_schedule", "flat_cos"),
        ("weight_decay_schedule", "flat_cos"),
    ],
)
@pytest.mark.parametrize("solver", ["lbfgs", "cg", "gd"])
def test_what_acts_on_mini_batches_is_refused_for_full_batch_solvers(solver: str, name: str, value: Any) -> None:
    with pytest.raises(SettingsError, match=f"{name}=.* acts on mini-batches, but solver='{solver}'"):
        Settings(**{"solver": solver, name: value})
    Settings(**{"solver": solver, name: SETTINGS[name].default})


@pytest.mark.parametrize(
    ("name", "value", "plain"),
    [
        ("n_iter_no_change", np.inf, np.inf),
        ("max_iter", np.int64(3), 3),
        ("alpha", np.float32(0.5), 0.5),
        ("alpha", 1, 1),
        ("alpha", Fraction(1, 4), 0.25),
        ("shuffle", np.bool_(False), False),
        ("dropout", np.array([0.5, 0.25]), (0.5, 0.25)),
        ("dropout", [np.float64(0.5), 0], (0.5, 0)),
        ("batch_size", "auto", "auto"),
        ("n_threads", None, None),
    ],
)
def test_numbers_of_numpy_are_taken_and_become_plain_ones(name: str, value: Any, plain: Any) -> None:
    kept = getattr(Settings(**{name: value}), name)
    assert (kept, type(kept)) == (plain, type(plain))
    if isinstance(plain, tuple):
        assert list(map(type, kept)) == list(map(type, plain))


def test_every_surface_offers_the_same_settings_with_the_same_defaults() -> None:
    parameters = inspect.signature(MLPClassifier).parameters
    for setting in (*SETTINGS.values(), *CLASSIFIER_SETTINGS.values()):
        assert parameters[setting.name].default == setting.default, setting.name
        assert len(setting.help) > 10


def test_classifier_has_scikit_learns_parameters_in_order_with_its_defaults() -> None:
    ours = inspect.signature(MLPClassifier).parameters
    judge = inspect.signature(Judge).parameters
    assert list(ours)[: len(judge)] == list(judge)
    assert list(ours)[len(judge) :] == [
        *CLASSIFIER_SETTINGS,
        *[
            "dropout",
            "weight_decay",
            "dropout_schedule",
            "weight_decay_schedule",
            "max_grad_norm",
            "warmup",
            "on_divergence",
            "scoring",
        ],
        *["engine", "dtype", "n_threads"],
    ]
    for name, parameter in judge.items():
        assert ours[name].default == parameter.default, name
        assert ours[name].kind == parameter.kind, name


@pytest.mark.parametrize("solver", ["lbfgs", "cg"])
@pytest.mark.parametrize("learning_rate", ["cosine", "one_cycle", "coslog4"])
def test_a_schedule_is_refused_for_solvers_that_search_for_their_steps(solver: str, learning_rate: str) -> None:
    with pytest.raises(SettingsError, match=f"learning_rate='{learning_rate}' acts on .* but solver='{solver}'"):
        Settings(solver=solver, learning_rate=learning_rate)
    assert Settings(solver="gd", learning_rate=learning_rate).learning_rate == learning_rate


@pytest.mark.parametrize("learning_rate", ["constant", "invscaling", "adaptive"])
def test_schedules_that_scikit_learn_ignores_in_lbfgs_are_accepted(learning_rate: str) -> None:
    assert Settings(solver="lbfgs", learning_rate=learning_rate).learning_rate == learning_rate


def test_what_belongs_to_a_machine_and_what_changes_no_step_stands_with_the_setting() -> None:
    assert {name for name, setting in SETTINGS.items() if setting.belongs_to == "machine"} == {"engine", "n_threads"}
    assert {name for name, setting in SETTINGS.items() if not setting.changes_steps} == {
        *["max_iter", "n_threads", "on_divergence"]
    }


def test_four_settings_have_another_name_on_the_command_line() -> None:
    declared = [*SETTINGS.values(), *CLASSIFIER_SETTINGS.values()]
    assert {setting.name: setting.option for setting in declared if setting.word != setting.name} == {
        "alpha": "--lambda",
        "max_iter": "--epochs",
        "n_iter_no_change": "--patience",
        "output": "--output-units",
    }


def test_a_schedule_over_the_whole_run_depends_on_how_long_it_is() -> None:
    spanning: list[dict[str, Any]] = [
        {"learning_rate": "coslog4"},
        {"dropout_schedule": "flat_cos"},
        {"weight_decay_schedule": "flat_cos"},
    ]
    assert all(Settings(**one).schedule_spans_run for one in spanning)
    assert not Settings().schedule_spans_run
