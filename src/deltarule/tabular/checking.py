"""The parameters of an estimator of tables, checked before anything is learnt."""

from typing import Any

import numpy as np

from deltarule.common.errors import SettingsError
from deltarule.estimators.choices import hidden_layers
from deltarule.estimators.printing import check_verbose
from deltarule.tabular.validation import WAYS
from deltarule.training.settings import check_setting

__all__ = ["DTYPES", "check_parameters"]

DTYPES = ("float32", "float64")


def check_parameters(estimator: Any) -> None:
    """Raise SettingsError if a parameter that both estimators have is outside its range."""
    owner = type(estimator).__name__
    for name in ("n_members", "epochs"):
        value = getattr(estimator, name)
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
            raise SettingsError(
                f"The {name!r} parameter of {owner} must be an int in the range [1, inf). Got {value!r} instead."
            )
    if estimator.validation not in WAYS:
        raise SettingsError(
            f"The 'validation' parameter of {owner} must be a str among {', '.join(map(repr, WAYS))}. Got "
            f"{estimator.validation!r} instead."
        )
    if estimator.dtype not in DTYPES:
        raise SettingsError(
            f"The 'dtype' parameter of {owner} must be a str among {', '.join(map(repr, DTYPES))}. Got "
            f"{estimator.dtype!r} instead."
        )
    budget = estimator.time_budget
    is_number = isinstance(budget, int | float | np.integer | np.floating) and not isinstance(budget, bool)
    if budget is not None and not (is_number and budget > 0):
        raise SettingsError(
            f"The 'time_budget' parameter of {owner} must be a number of seconds above 0, or None. Got {budget!r} "
            "instead."
        )
    for name in ("engine", "n_threads"):
        check_setting(name, getattr(estimator, name), owner)
    check_verbose(estimator.verbose)
    hidden_layers(estimator.hidden_layer_sizes, "relu")
