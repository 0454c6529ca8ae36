"""Networks of scikit-learn, and pipelines with linear steps before them, as parts of an estimator here.

Each step before the network is x ↦ M x + c: scalers, selections, principal components. They are composed and folded
into Θ⁽¹⁾, so that one estimator takes the columns that the pipeline took.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import sklearn.neural_network
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.feature_selection import SelectorMixin
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler
from sklearn.utils.validation import check_is_fitted

from deltarule.common.arrays import Array, float_dtype
from deltarule.common.errors import InputError
from deltarule.network.network import Network

__all__ = ["Parts", "parts_of_sklearn"]

OUTPUTS = {"identity": "identity", "logistic": "sigmoid", "softmax": "softmax", "exp": "exp"}


class Parts(NamedTuple):
    """What an estimator here is made of.

    Attributes
    ----------
    network : Network
    theta : array of shape (n_parameters,)
    source : MLPClassifier or MLPRegressor of scikit-learn
    names : array or None
        Of the columns.
    parameters : dict
        Settings of training that both libraries have.
    """

    network: Network
    theta: Array
    source: Any
    names: NDArray[Any] | None
    parameters: dict[str, Any]


def parts_of_sklearn(estimator: Any, kind: str) -> Parts:
    """Return the parts of a fitted network of scikit-learn, or of a pipeline that ends in one.

    Raises
    ------
    InputError
        If it ends in no such network, or a step before it is not linear.
    NotFittedError
        If it is not fitted.
    """
    check_is_fitted(estimator)
    source, output = estimator, None
    if isinstance(source, TransformedTargetRegressor):
        output, source = source.transformer_, source.regressor_
    steps: list[Any] = []
    if isinstance(source, Pipeline):
        steps, source = [step for _, step in source.steps[:-1]], source.steps[-1][1]
    if isinstance(source, TransformedTargetRegressor):
        output, source = source.transformer_, source.regressor_
    if not isinstance(source, getattr(sklearn.neural_network, kind)):
        raise InputError(
            f"{type(source).__module__}.{type(source).__name__} is not scikit-learn's {kind}. Pass one that is "
            "fitted, or a pipeline that ends "
            "in it."
        )
    thetas = [np.column_stack([b, W.T]) for W, b in zip(source.coefs_, source.intercepts_, strict=True)]
    dtype = float_dtype(*thetas)
    M, c = _composed(steps, _width(estimator, steps, source))
    if M is not None:
        Theta = thetas[0].astype(np.float64)
        W = Theta[:, 1:] * M if M.ndim == 1 else Theta[:, 1:] @ M
        thetas[0] = np.column_stack([Theta[:, 0] + Theta[:, 1:] @ c, W])
    if output is not None:
        thetas[-1] = _scaled_back(output, source, thetas[-1])
    network = Network(
        (thetas[0].shape[1] - 1, *map(len, thetas)),
        [source.activation] * (len(thetas) - 1),
        OUTPUTS[source.out_activation_],
    )
    folded = dtype if M is None and output is None else np.dtype(np.float64)
    theta = np.concatenate([Theta.ravel() for Theta in thetas]).astype(folded)
    names = getattr(estimator, "feature_names_in_", None)
    left_out = ("hidden_layer_sizes", "activation", "loss")
    parameters = {name: value for name, value in source.get_params().items() if name not in left_out}
    return Parts(network, theta, source, names, parameters)


def _width(estimator: Any, steps: Sequence[Any], source: Any) -> int:
    """Return how many columns come in: the first that knows says it."""
    known = (getattr(one, "n_features_in_", None) for one in (estimator, *steps, source))
    return int(next(n for n in known if n is not None))


def _composed(steps: Sequence[Any], n: int) -> tuple[Array | None, Array]:
    """Return M and c of steps in a row; M is a vector where it is diagonal, None where it changes nothing."""
    M: Array | None = None
    c = np.zeros(n)
    for step in steps:
        found = _linear(step, len(c))
        if found is None:
            continue
        A, b = found
        c = (A * c if A.ndim == 1 else A @ c) + b
        if M is None or M.ndim == A.ndim == 1:
            M = A if M is None else A * M
        elif A.ndim == 1:
            M = A[:, np.newaxis] * M
        else:
            M = A * M if M.ndim == 1 else A @ M
    return M, c


def _linear(step: Any, n: int) -> tuple[Array, Array] | None:
    """Return A and b of x ↦ A x + b; None for a step that changes nothing."""
    if step is None or (isinstance(step, str) and step == "passthrough"):
        return None
    if isinstance(step, FunctionTransformer) and step.func is None:
        return None
    ones, zeros = np.ones(n), np.zeros(n)
    if isinstance(step, Pipeline):
        M, c = _composed([one for _, one in step.steps], n)
        return None if M is None else (M, c)
    if isinstance(step, StandardScaler):
        scale = ones if step.scale_ is None else step.scale_
        return 1 / scale, -(zeros if not step.with_mean else step.mean_) / scale
    if isinstance(step, MinMaxScaler) and not step.clip:
        return step.scale_, step.min_
    if isinstance(step, MaxAbsScaler) and not getattr(step, "clip", False):
        return 1 / step.scale_, zeros
    if isinstance(step, RobustScaler):
        scale = ones if step.scale_ is None else step.scale_
        return 1 / scale, -(zeros if step.center_ is None else step.center_) / scale
    if isinstance(step, PCA | TruncatedSVD):
        A = step.components_
        if getattr(step, "whiten", False):
            A = A / np.sqrt(step.explained_variance_)[:, np.newaxis]
        return A, -A @ (step.mean_ if isinstance(step, PCA) else zeros)
    if isinstance(step, SelectorMixin):
        return np.eye(n)[step.get_support()], np.zeros(int(step.get_support().sum()))
    if isinstance(step, ColumnTransformer):
        return _columns(step, n)
    raise InputError(
        f"{type(step).__name__} before the network is not linear, or not known to be, so it cannot be folded into Θ. "
        "Linear are "
        "scalers without clip, PCA, TruncatedSVD, selections of columns, and pipelines and column transformers of them."
    )


def _columns(step: ColumnTransformer, n: int) -> tuple[Array, Array]:
    """Return the rows of each transformer of columns, in their order."""
    identity = np.eye(n)
    names = list(getattr(step, "feature_names_in_", ()))
    rows, shifts = [], []
    for _, one, columns in step.transformers_:
        if isinstance(one, str) and one == "drop":
            continue
        picked = identity[_places(columns, names, n)]
        found = _linear(one, len(picked)) if len(picked) else None
        if found is None:
            found = np.ones(len(picked)), np.zeros(len(picked))
        A, b = found
        rows.append(A[:, np.newaxis] * picked if A.ndim == 1 else A @ picked)
        shifts.append(b)
    return np.vstack(rows), np.concatenate(shifts)


def _places(columns: Any, names: list[str], n: int) -> NDArray[np.intp]:
    if isinstance(columns, slice) and (isinstance(columns.start, str) or isinstance(columns.stop, str)):
        start = 0 if columns.start is None else names.index(columns.start)
        stop = n if columns.stop is None else names.index(columns.stop) + 1  # a slice of names has both ends
        return np.arange(start, stop)
    if isinstance(columns, slice):
        return np.arange(n)[columns]
    given = np.atleast_1d(np.asarray(columns))
    if given.dtype.kind == "b":
        return np.flatnonzero(given)
    return np.array([names.index(one) if isinstance(one, str) else int(one) for one in given.tolist()], dtype=np.intp)


def _scaled_back(transformer: Any, source: Any, Theta: Array) -> Array:
    """Return Θ of the last layer behind which the scaling of the target is undone."""
    if source.out_activation_ != "identity":
        raise InputError(
            f"The target is transformed behind {source.out_activation_} outputs, which does not fold into Θ."
        )
    found = _linear(transformer, len(Theta))
    if found is None:
        return Theta
    A, b = found
    if A.ndim != 1:
        raise InputError("The target is transformed by more than a scale for each value.")
    scaled: Array = Theta / A[:, np.newaxis]
    scaled[:, 0] -= b / A
    return scaled
