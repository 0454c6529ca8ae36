"""What the pictures ask of a fitted estimator."""

from typing import Any

from numpy.typing import ArrayLike, NDArray

from deltarule.arrays import Array
from deltarule.data import TrainingSet
from deltarule.errors import InputError
from deltarule.network import Network

__all__ = ["checked", "class_probabilities", "fitted"]


def fitted(model: Any) -> tuple[Network, Array]:
    """Return the network and θ of a fitted estimator.

    Raises
    ------
    InputError
        If it is none, or not fitted yet.
    """
    if not hasattr(model, "theta_"):
        raise InputError(
            f"{type(model).__name__} has no parameters to show. Give an MLPClassifier or MLPRegressor after its fit."
        )
    return model.network_, model.theta_


def checked(model: Any, X: ArrayLike, y: ArrayLike) -> TrainingSet:
    """Return examples as the network of a fitted estimator takes them.

    Raises
    ------
    InputError, ShapeError
        If X and y do not fit the network.
    """
    network, theta = fitted(model)
    return TrainingSet.of(network, X, model.encode(y), dtype=theta.dtype)


def class_probabilities(model: Any, X: ArrayLike, picture: str) -> tuple[NDArray[Any], Array]:
    """Return the classes of a fitted classifier, and the probability of each for each row.

    Raises
    ------
    InputError
        If the model is no fitted classifier; `picture` says what needs one.
    """
    if not hasattr(model, "classes_"):
        raise InputError(f"{picture} is of classes, but {type(model).__name__} has none. Give a fitted classifier.")
    return model.classes_, model.predict_proba(X)
