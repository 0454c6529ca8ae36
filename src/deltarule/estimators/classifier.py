"""MLPClassifier: a drop-in for scikit-learn's, trained by this library."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import column_or_1d

from deltarule.arrays import Array
from deltarule.data import TrainingSet
from deltarule.errors import InputError, SettingsError
from deltarule.estimators.base import BaseMLP
from deltarule.training import Callback

__all__ = ["MLPClassifier"]


class MLPClassifier(ClassifierMixin, BaseMLP):
    """Multilayer perceptron for two classes, many classes, or several labels at once.

    Minimises the regularised cost J(Θ) of `deltarule.cost`. Parameters have scikit-learn's names, order and defaults;
    what they do is said once, in `deltarule.settings`. One thing differs on purpose: the penalty is λ/2m Σ Θ² with m
    the size of the training set, also in a mini-batch.

    Parameters
    ----------
    hidden_layer_sizes : sequence of int, default (100,)
        Units of each hidden layer; `()` for none, which is logistic regression.
    activation : str or sequence of str, default "relu"
        Hidden units: one name for all layers, or one for each; those of `deltarule.Network`.
    output : {"auto", "sigmoid", "softmax"}, default "auto"
        Output units. `"auto"`: sigmoid for two classes (K = 1) and for several labels, softmax for more classes.
        `"sigmoid"` with more classes: K independent logistic costs added up.
    solver, alpha, batch_size, learning_rate, learning_rate_init, power_t, max_iter, shuffle, tol, momentum, \
nesterovs_momentum, early_stopping, validation_fraction, beta_1, beta_2, epsilon, n_iter_no_change, max_fun, \
engine, dtype, n_threads
        See `deltarule.settings.Settings`.
    random_state : int, Generator, RandomState or None
        Seed of first weights, shuffles and hold-out.
    verbose : bool, default False
        Print the cost after each epoch.
    warm_start : bool, default False
        Go on from the parameters of the fit before.

    Attributes
    ----------
    classes_ : array of shape (n_classes,)
    network_ : Network
    theta_ : array of shape (n_parameters,)
    history_ : History
    coefs_, intercepts_, loss_, loss_curve_, best_loss_, n_iter_, n_layers_, n_outputs_, out_activation_, \
n_features_in_, feature_names_in_
        As in scikit-learn.

    Examples
    --------
    >>> X, y = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], ["no", "yes", "yes", "no"]
    >>> clf = MLPClassifier((8,), activation="tanh", solver="lbfgs", alpha=0.0, random_state=1).fit(X, y)
    >>> clf.predict(X).tolist()
    ['no', 'yes', 'yes', 'no']
    """

    def __init__(
        self,
        hidden_layer_sizes: Sequence[int] | int = (100,),
        activation: str | Sequence[str] = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: int | str = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: bool = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: int = 10,
        max_fun: int = 15000,
        output: str = "auto",
        engine: str = "auto",
        dtype: str = "auto",
        n_threads: int | None = None,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change
        self.max_fun = max_fun
        self.output = output
        self.engine = engine
        self.dtype = dtype
        self.n_threads = n_threads

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        eval_set: tuple[ArrayLike, ArrayLike] | None = None,
        callbacks: Sequence[Callback] = (),
    ) -> Self:
        """Train on labelled rows.

        Parameters
        ----------
        X : array of shape (m, n_features)
        y : array of shape (m,) or (m, K)
            Labels of any type, or a 0/1 matrix with a column for each of several labels.
        sample_weight : array of shape (m,), optional
            A weight stands for that many repetitions of its row.
        eval_set : (X, y), optional
            Rows to measure cost and accuracy on after each epoch, instead of held-out ones.
        callbacks : sequence of callables
            Each gets the `Progress` after each epoch; one that returns True stops the run.

        Raises
        ------
        ValueError
            If data or settings do not fit. A fit that fails leaves the model of the fit before as it was.
        DivergedError
            If the cost leaves the finite numbers.
        """
        before = dict(self.__dict__)
        try:
            X, labels = self._check_rows(X, y)
            self.classes_, self._several_labels = _classes_of(labels)
            labels = labels if self._several_labels else column_or_1d(labels, warn=True)
            self._output = self._output_units()
            Y = self.encode(labels)
            held_out = None
            if eval_set is not None:
                X_held_out, y_held_out = self._check_eval_set(eval_set)
                held_out = X_held_out, self.encode(y_held_out)
            self._train(
                X, Y, sample_weight, self._output, held_out, None if self._several_labels else labels, callbacks
            )
        except BaseException:
            self.__dict__ = before
            raise
        return self

    def encode(self, y: ArrayLike) -> Array:
        """Return the targets Y of shape (m, K) of labels, as `deltarule.cost` takes them.

        Raises
        ------
        InputError
            If a label is none of `classes_`.
        """
        labels = np.asarray(y)
        if self._several_labels:
            return labels.astype(np.float64)
        known = np.isin(labels, self.classes_)
        if not known.all():
            raise InputError(
                f"y holds the label {labels[~known][0]!r}, which is none of the {len(self.classes_)} classes that the "
                f"network has: {', '.join(map(str, self.classes_[:10].tolist()))}. Leave such rows out."
            )
        index = np.searchsorted(self.classes_, labels)
        if len(self.classes_) == 2 and self._output == "sigmoid":
            return index[:, np.newaxis].astype(np.float64)
        return np.eye(len(self.classes_))[index]

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the label of each row; for several labels a 0/1 matrix."""
        h = self._hypothesis(X)
        if self._several_labels:
            return (h > 0.5).astype(np.int64)
        index = (h[:, 0] > 0.5).astype(np.int64) if h.shape[1] == 1 else h.argmax(axis=1)
        labels: NDArray[Any] = self.classes_[index]
        return labels

    def predict_proba(self, X: ArrayLike) -> Array:
        """Return the probability of each class, of shape (m, n_classes), in the order of `classes_`.

        Several labels have one independent probability each. For K independent sigmoids on K classes the
        hypotheses are divided by their sum.
        """
        h = self._hypothesis(X)
        if self._several_labels or self.network_.output == "softmax":
            return h
        if h.shape[1] == 1:
            return np.hstack([1 - h, h])
        total = h.sum(axis=1, keepdims=True)
        return np.where(total > 0, h / np.where(total > 0, total, 1), 1 / h.shape[1]).astype(h.dtype)

    def predict_log_proba(self, X: ArrayLike) -> Array:
        """Return the logarithm of `predict_proba`; −∞ where a probability rounds to 0."""
        with np.errstate(divide="ignore"):
            logarithms: Array = np.log(self.predict_proba(X))
        return logarithms

    @property
    def validation_scores_(self) -> list[float] | None:
        """Accuracy on the validation set by epoch; None without early stopping."""
        return self.history_.validation_score.tolist() if self.early_stopping else None

    @property
    def best_validation_score_(self) -> float | None:
        """The largest of `validation_scores_`."""
        scores = self.validation_scores_
        return None if scores is None else max(scores)

    def _output_units(self) -> str:
        if self.output not in ("auto", "sigmoid", "softmax"):
            raise SettingsError(
                f"The 'output' parameter of MLPClassifier must be a str among {{'auto', 'sigmoid', 'softmax'}}. "
                f"Got {self.output!r} instead."
            )
        if self._several_labels and self.output == "softmax":
            raise SettingsError("output='softmax' gives one label to each row, but y has several. Take 'sigmoid'.")
        if self.output != "auto":
            return self.output
        return "sigmoid" if self._several_labels or len(self.classes_) == 2 else "softmax"

    def _check_eval_set(self, eval_set: tuple[ArrayLike, ArrayLike]) -> tuple[Array, NDArray[Any]]:
        from sklearn.utils.validation import check_X_y, validate_data

        X, y = eval_set
        X = validate_data(self, X, dtype=(np.float64, np.float32), order="C", reset=False)
        X, y = check_X_y(X, y, multi_output=True, dtype=(np.float64, np.float32))
        return X, y if self._several_labels else column_or_1d(y)

    def _validation_score(self, data: TrainingSet, h: Array) -> float:
        """Return the accuracy; for several labels, the share of rows with all of them right."""
        if self._several_labels or h.shape[1] == 1:
            right = ((h > 0.5) == (data.Y > 0.5)).all(axis=1)
        else:
            right = h.argmax(axis=1) == data.Y.argmax(axis=1)
        return float(np.average(right, weights=data.weights))


def _classes_of(y: NDArray[Any]) -> tuple[NDArray[Any], bool]:
    """Return the classes and whether there are several labels a row."""
    check_classification_targets(y)
    if type_of_target(y) == "multilabel-indicator":
        return np.arange(y.shape[1]), True
    if y.ndim == 2 and y.shape[1] > 1:
        raise InputError(
            f"y has the shape {y.shape} and holds more than 0 and 1: several columns of classes are not supported. "
            "Give one column of labels, or a 0/1 matrix."
        )
    classes = np.unique(y)
    if len(classes) < 2:
        raise InputError(
            f"y holds one class only, {classes[0]!r}: there is nothing to tell apart. "
            "Give examples of two classes or more."
        )
    return classes, False
