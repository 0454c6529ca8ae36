"""Every setting is declared once, and every surface offers the same."""

import inspect
from typing import Any

import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier as Judge

from deltarule import MLPClassifier
from deltarule.errors import SettingsError
from deltarule.settings import SETTINGS, Settings

BAD: dict[str, list[Any]] = {
    "solver": ["newton", 3],
    "alpha": [-1e-9, np.nan, "1", None],
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


def test_an_infinite_patience_is_allowed_and_numpy_numbers_are() -> None:
    settings = Settings(n_iter_no_change=np.inf, alpha=np.float32(0.5), max_iter=np.int64(3))  # type: ignore[arg-type]
    assert settings.max_iter == 3


def test_every_surface_offers_the_same_settings_with_the_same_defaults() -> None:
    parameters = inspect.signature(MLPClassifier).parameters
    for setting in SETTINGS.values():
        assert parameters[setting.name].default == setting.default, setting.name
        assert len(setting.help) > 10


def test_classifier_has_scikit_learns_parameters_in_order_with_its_defaults() -> None:
    ours = inspect.signature(MLPClassifier).parameters
    judge = inspect.signature(Judge).parameters
    assert list(ours)[: len(judge)] == list(judge)
    assert list(ours)[len(judge) :] == ["output", "engine", "dtype", "n_threads"]
    for name, parameter in judge.items():
        assert ours[name].default == parameter.default, name
        assert ours[name].kind == parameter.kind, name
