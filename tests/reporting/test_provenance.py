"""Where a model comes from."""

import numpy as np

import deltarule
from deltarule import MLPClassifier, MLPRegressor
from deltarule.reporting.provenance import call_of, settings_of, versions


def test_the_call_makes_an_estimator_with_the_same_parameters() -> None:
    model = MLPClassifier((5, 4), activation=("tanh", "relu"), class_weight={"a b'": 2.0}, dropout=[0.1, 0.2], tol=1e-7)
    again = eval(call_of(model))
    assert again.get_params() == model.get_params()
    assert call_of(MLPRegressor()) == "MLPRegressor()"


def test_settings_are_all_parameters_and_say_what_is_not_the_default() -> None:
    found = settings_of(MLPRegressor(alpha=0.5))
    assert {setting.name for setting in found} == set(MLPRegressor().get_params())
    assert [(setting.name, setting.value) for setting in found if setting.is_changed] == [("alpha", "0.5")]


def test_versions_are_those_that_run() -> None:
    found = versions()
    assert (found["deltarule"], found["numpy"]) == (deltarule.__version__, np.__version__)
    assert found["engine"].startswith(("compiled core, ", "reference (NumPy)"))
