"""MLPClassifier: a drop-in for scikit-learn's, trained by this library."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import (
    _check_partial_fit_first_call,
    check_classification_targets,
    type_of_target,
)

from deltarule.common.arrays import Array
from deltarule.common.errors import InputError, SettingsError
from deltarule.estimators.base import BaseMLP
from deltarule.estimators.class_weights import sums_of_classes, weights_of_classes
from deltarule.network.data import TrainingSet
from deltarule.network.parts import Unit
from deltarule.training.settings import CLASSIFIER_SETTINGS, Settings, check_setting

__all__ = ["MLPClassifier"]


class MLPClassifier(ClassifierMixin, BaseMLP):
    """Multilayer perceptron for two classes, many classes, or several labels at once.

    Minimises the regularised cost J(Θ) of `deltarule.cost`. Parameters have scikit-learn's names, order and defaults;
    what they do is said once, in `deltarule.settings`. One thing differs on purpose: the penalty is λ/2m Σ Θ²
    with m the size of the training set, also in a mini-batch.

    Parameters
    ----------
    hidden_layer_sizes : sequence of int, default (100,)
        Units of each hidden layer; `()` for none, which is logistic regression.
    activation : str, Unit or sequence of them, default "relu"
        Hidden units: one name for all layers, or one for each; those of `deltarule.Network`.
    output : {"auto", "sigmoid", "softmax"}, default "auto"
        Output units. `"auto"`: sigmoid for two classes (K = 1) and for several labels, softmax for more classes.
        `"sigmoid"` with more classes: K independent logistic costs added up.
    class_weight : dict or "balanced", optional
        What the examples of each class weigh in every cost (scores are not weighted): a number for each label, 1 where
        there is none; `"balanced"` gives all classes the same sum. In `partial_fit` it counts what came so far.
    label_smoothing : float, default 0
        Share ε of each target that is spread evenly: y becomes (1 − ε) y + ε/K, with one output (1 − ε) y + ε/2. In
        training only.
    solver, alpha, batch_size, learning_rate, learning_rate_init, power_t, max_iter, shuffle, tol, momentum, \
nesterovs_momentum, early_stopping, validation_fraction, beta_1, beta_2, epsilon, n_iter_no_change, max_fun, dropout, \
weight_decay, max_grad_norm, warmup, on_divergence, engine, dtype, n_threads
        See `deltarule.settings.Settings`.
    random_state : int, Generator, RandomState or None
        Seed of first weights, shuffles and hold-out.
    scoring : str, callable, list of str or dict, optional
        Scores to measure after each epoch, on the training set and on the validation set where there is one: names of
        scikit-learn's scorers, or callables (estimator, X, y) → float. Early stopping watches the first; `"loss"` is
        the cost. Each is tried once before the first epoch; where one is undefined it is NaN. Default: the accuracy,
        on the validation set alone.
    verbose : bool or "bar", default False
        Print the cost after each epoch, or show a progress bar.
    warm_start : bool, default False
        Go on from the parameters of the fit before.

    Attributes
    ----------
    classes_ : array of shape (n_classes,)
    network_ : Network
    theta_ : array of shape (n_parameters,)
    history_ : History
    validation_loss_curve_ : list of float
        Cost of the validation set after each epoch, without penalty; NaN where there is none.
    scores_ : dict from str to list of float
        Every score after each epoch, named `train_…` and `validation_…`.
    coefs_, intercepts_, loss_, loss_curve_, best_loss_, validation_scores_, best_validation_score_, n_iter_, t_, \
n_layers_, n_outputs_, out_activation_, n_features_in_, feature_names_in_
        As in scikit-learn.

    Examples
    --------
    >>> X, y = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], ["no", "yes", "yes", "no"]
    >>> clf = MLPClassifier((8,), activation="tanh", solver="lbfgs", alpha=0.0, random_state=1).fit(X, y)
    >>> clf.predict(X).tolist()
    ['no', 'yes', 'yes', 'no']
    """

    _measure = "accuracy"
    output: str
    class_weight: Any
    label_smoothing: float
    classes_: NDArray[Any]
    _class_weights: Array | None = None
    _class_sums: Array | None = None
    _several_labels: bool
    _output: str

    def __init__(
        self,
        hidden_layer_sizes: Sequence[int] | int = (100,),
        activation: str | Unit | Sequence[str | Unit] = "relu",
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
        class_weight: Any = None,
        label_smoothing: float = 0.0,
        dropout: float | Sequence[float] = 0.0,
        weight_decay: float = 0.0,
        max_grad_norm: float | None = None,
        warmup: float = 0.0,
        on_divergence: str = "raise",
        scoring: Any = None,
        engine: str = "auto",
        dtype: str = "auto",
        n_threads: int | None = None,
    ) -> None:
        self._keep(locals())

    @available_if(BaseMLP._offers_partial_fit)
    def partial_fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        classes: ArrayLike | None = None,
    ) -> Self:
        """Train for one epoch over these rows, going on from where the last call left θ and the solver.

        k calls on the same rows leave the same bits as `fit` for k epochs.

        Parameters
        ----------
        X, y, sample_weight
            As for `fit`; y need not hold every class.
        classes : array of shape (n_classes,)
            All labels that will ever come; needed in the first call.

        Raises
        ------
        ValueError
            If data, classes or settings do not fit. A call that fails leaves the model as it was.
        """
        with self._whole_or_not_at_all():
            if _check_partial_fit_first_call(self, classes):
                self._several_labels = _has_several_labels(y)
            self._learn(X, y, sample_weight, "partial_fit")
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
        if labels.dtype.kind == "O":  # what cannot be compared is no label
            known = np.isin(labels, self.classes_)
        else:
            index = np.minimum(np.searchsorted(self.classes_, labels), len(self.classes_) - 1)
            known = self.classes_[index] == labels
        if not known.all():
            raise InputError(
                f"y holds the label {labels[~known].tolist()[0]!r}, which is none of the {len(self.classes_)} classes "
                f"that the network has: {', '.join(map(str, self.classes_[:10].tolist()))}. Leave such rows out."
            )
        if labels.dtype.kind == "O":
            index = np.searchsorted(self.classes_, labels)
        if len(self.classes_) == 2 and self._output == "sigmoid":
            return index[:, np.newaxis].astype(np.float64)
        return np.eye(len(self.classes_))[index]

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the label of each row; for several labels a 0/1 matrix."""
        return self._predicted(self._hypothesis(X))

    def _predicted(self, h: Array) -> NDArray[Any]:
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
        return self._probabilities(self._hypothesis(X))

    def _probabilities(self, h: Array) -> Array:
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

    def _learn_targets(self, y: NDArray[Any], continues: bool, incremental: bool) -> str:
        classes = np.unique(y) if y.ndim == 1 and y.dtype.kind in "biuU" else None
        # Labels of these kinds are classes whatever they are. type_of_target would take 0.13 ms to say so, and warns
        # where there are so many that they look like quantities.
        several = (classes is None or 2 * len(classes) > len(y)) and _has_several_labels(y)
        if classes is None:
            classes = np.arange(y.shape[1]) if several else np.unique(y)
        if not (continues or incremental):
            self.classes_, self._several_labels = classes, several
        elif several != self._several_labels or (several and len(classes) != len(self.classes_)):
            raise InputError(
                f"y has the shape {y.shape}, but the network was trained on "
                f"{f'{len(self.classes_)} labels a row' if self._several_labels else 'one label a row'}."
            )
        elif not incremental and set(classes) != set(self.classes_):
            raise InputError(
                "warm_start can only be used where `y` has the same classes as in the previous call to fit. Previously "
                f"got {self.classes_}, `y` has {classes}"
            )
        elif len(np.setdiff1d(classes, self.classes_)):
            raise InputError(
                f"`y` has classes not in `self.classes_`. `self.classes_` has {self.classes_}. 'y' has {classes}."
            )
        if not self._several_labels and len(self.classes_) == 1:
            raise InputError(
                f"y holds one class only, {self.classes_.tolist()[0]!r}: there is nothing to tell apart. "
                "Give examples of two classes or more."
            )
        self._output = self._output_units()
        return self._output

    def _settings(self) -> Settings:
        for name in CLASSIFIER_SETTINGS:
            check_setting(name, getattr(self, name), type(self).__name__)
        return super()._settings()

    def _learn_class_weights(self, y: NDArray[Any], weights: Array | None, incremental: bool) -> None:
        if self.class_weight is None:
            self._class_weights, self._class_sums = None, None
            return
        if self._several_labels:
            raise SettingsError(
                "class_weight says what a row of each class weighs, but here rows have several labels. Pass "
                "sample_weight, with a weight for each row."
            )
        sums = sums_of_classes(self.classes_, y, weights)
        if incremental and self._class_sums is not None:
            sums += self._class_sums
        self._class_sums = sums
        self._class_weights = weights_of_classes(self.class_weight, self.classes_, sums)

    def _in_cost(self, y: NDArray[Any], weights: Array | None) -> Array | None:
        if self._class_weights is None:
            return weights
        of_rows = self._class_weights[np.searchsorted(self.classes_, y)]
        return of_rows if weights is None else (weights * of_rows).astype(weights.dtype)

    def _smoothed(self, Y: Array) -> Array:
        share = self.label_smoothing / (Y.shape[1] if self._output == "softmax" else 2)
        return (1 - self.label_smoothing) * Y + share if self.label_smoothing else Y

    def _output_units(self) -> str:
        if self._several_labels and self.output == "softmax":
            raise SettingsError("output='softmax' gives one label to each row, but y has several. Take 'sigmoid'.")
        if self.output != "auto":
            return self.output
        return "sigmoid" if self._several_labels or len(self.classes_) == 2 else "softmax"

    def _strata(self, Y: Array) -> NDArray[Any] | None:
        if self._several_labels:
            return None
        if Y.shape[1] == 1:
            return np.where(Y[:, 0] > 0.5, "True", "False")  # as scikit-learn names them where one is too rare
        return np.asarray(Y.argmax(axis=1))

    def _validation_score(self, data: TrainingSet, h: Array) -> float:
        """Return the accuracy; for several labels, the share of rows with all of them right."""
        if self._several_labels or h.shape[1] == 1:
            right = ((h > 0.5) == (data.Y > 0.5)).all(axis=1)
        else:
            right = h.argmax(axis=1) == data.Y.argmax(axis=1)
        return float(np.average(right, weights=data.weights))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


def _has_several_labels(y: ArrayLike) -> bool:
    """Whether y is a 0/1 matrix with several labels a row; raises where it is no labels at all."""
    kind = type_of_target(y, input_name="y")  # 0.1 ms: asked once
    if kind == "multilabel-indicator":
        return True
    if kind not in ("binary", "multiclass"):
        check_classification_targets(y)
    if np.ndim(y) == 2 and np.shape(y)[1] > 1:
        raise InputError(
            f"y has the shape {np.shape(y)} and holds more than 0 and 1: several columns of classes are not supported. "
            "Give one column of labels, or a 0/1 matrix."
        )
    return False
