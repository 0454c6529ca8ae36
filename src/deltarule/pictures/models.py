"""Checked access to what pictures need of a fitted estimator: network, θ, examples, classes."""

from typing import Any

from numpy.typing import ArrayLike, NDArray

from deltarule.common.arrays import Array
from deltarule.common.errors import InputError
from deltarule.network.data import TrainingSet
from deltarule.network.network import Network

__all__ = ["checked", "classes_of", "fitted"]


def fitted(model: Any) -> tuple[Network, Array]:
    """Return the network and θ of a fitted estimator.

    Raises
    ------
    NotFittedError
        If the model is not fitted yet.
    InputError
        If the model is no estimator of this library.
    """
    _check_fitted(model)
    if hasattr(model, "named_steps"):
        raise InputError(
            f"{type(model).__name__} has no parameters of its own to show. Give its last step, pipeline[-1], and X "
            "transformed by the other steps, pipeline[:-1].transform(X)."
        )
    if not hasattr(model, "theta_"):
        raise InputError(f"{type(model).__name__} has no parameters to show. Give an MLPClassifier or MLPRegressor.")
    return model.network_, model.theta_


def _check_fitted(model: Any) -> None:
    from sklearn.base import BaseEstimator
    from sklearn.utils.validation import check_is_fitted

    if isinstance(model, BaseEstimator):
        check_is_fitted(model)


def checked(model: Any, X: ArrayLike, y: ArrayLike) -> TrainingSet:
    """Return X and y as the training set that the network of a fitted estimator takes.

    Raises
    ------
    NotFittedError
        If the model is not fitted yet.
    InputError, ShapeError
        If X and y do not fit the network.
    """
    network, theta = fitted(model)
    return TrainingSet.of(network, X, model.encode(y), dtype=theta.dtype)


def classes_of(model: Any, picture: str) -> NDArray[Any]:
    """Return the classes of a fitted classifier.

    Raises
    ------
    NotFittedError
        If the model is not fitted yet.
    InputError
        If the model is no classifier. The message begins with `picture`, the name of what needs a classifier.
    """
    _check_fitted(model)
    if not hasattr(model, "classes_"):
        raise InputError(f"{picture} needs classes, but {type(model).__name__} has none. Give a classifier.")
    classes: NDArray[Any] = model.classes_
    return classes
