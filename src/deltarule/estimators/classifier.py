"""MLPClassifier: a drop-in replacement for scikit-learn's, trained by this library."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import _check_partial_fit_first_call

from deltarule.blocks.sources import Given
from deltarule.common.arrays import Array
from deltarule.estimators.base import BaseMLP
from deltarule.estimators.checking import Columns, refuse_sources
from deltarule.estimators.soft_labels import holds_probabilities
from deltarule.estimators.streamed_predictions import is_read_in_blocks, predicted_in_blocks
from deltarule.estimators.streamed_scores import scored_in_blocks
from deltarule.estimators.targets import Labels, has_several_labels
from deltarule.network.network import Network
from deltarule.network.parts import Unit
from deltarule.network.probabilities import log_shares, log_sigmoid, log_softmax, shares, sigmoid_and_rest
from deltarule.training.history import History

__all__ = ["MLPClassifier"]


class MLPClassifier(ClassifierMixin, BaseMLP):
    """Multilayer perceptron for two classes, many classes, or several labels at once.

    Minimises the regularised cost J(Θ) of `deltarule.cost`. Parameters have scikit-learn's names, order and defaults;
    `deltarule.settings` describes them. One difference is deliberate: the penalty is λ/2m Σ Θ² with m the size of the
    training set, in a mini-batch too.

    Parameters
    ----------
    hidden_layer_sizes : sequence of int, default (100,)
        Number of units of each hidden layer; `()` for no hidden layer, which is logistic regression.
    activation : str, Unit or sequence of them, default "relu"
        Hidden units: one name for all layers, or one for each; `deltarule.Network` lists them.
    output : {"auto", "sigmoid", "softmax"}, default "auto"
        Output units. `"auto"`: sigmoid for two classes (K = 1) and for several labels, softmax for more classes.
        `"sigmoid"` with more classes adds up K independent logistic costs.
    class_weight : dict or "balanced", optional
        Weight of the examples of each class in every cost; scores ignore it. A dict has a number for each label, 1 for
        labels that it lacks. `"balanced"` gives all classes the same sum, in `partial_fit` over all rows so far.
    label_smoothing : float, default 0
        Share ε of each target that is spread evenly, in training only: y becomes (1 − ε) y + ε/K with softmax outputs,
        and (1 − ε) y + ε/2 with sigmoid outputs.
    solver, alpha, batch_size, learning_rate, learning_rate_init, power_t, max_iter, shuffle, tol, momentum, \
nesterovs_momentum, early_stopping, validation_fraction, beta_1, beta_2, epsilon, n_iter_no_change, max_fun, dropout, \
weight_decay, dropout_schedule, weight_decay_schedule, max_grad_norm, warmup, on_divergence, engine, dtype, n_threads
        See `deltarule.settings.Settings`.
    random_state : int, Generator, RandomState or None
        Seed of the first weights, the shuffles and the hold-out.
    scoring : str, callable, list of str or dict, optional
        Scores to measure after each epoch, on the training set and on a validation set: names of scikit-learn's
        scorers, or callables (estimator, X, y) → float; `"loss"` is the cost. Early stopping watches the first. Each
        is tried once before the first epoch; an undefined score is NaN. Default: the accuracy, on the validation set
        only.
    verbose : bool or "bar", default False
        Print the cost after each epoch, or show a progress bar.
    warm_start : bool, default False
        Continue from the parameters of the previous fit.

    Attributes
    ----------
    classes_ : array of shape (n_classes,)
    several_labels_ : bool
        Whether a row has any number of labels, each 0 or 1, instead of exactly one.
    network_ : Network
    theta_ : array of shape (n_parameters,)
    history_ : History
    validation_loss_curve_ : list of float
        Cost of the validation set after each epoch, without penalty; NaN without a validation set.
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

    y may be probabilities, a column for each class, and the cost is their cross-entropy:

    >>> clf = MLPClassifier((), solver="lbfgs", alpha=0.0, random_state=0).fit([[0.0], [1.0]], [[0.8, 0.2], [0.3, 0.7]])
    >>> clf.predict_proba([[0.0], [1.0]]).round(3).tolist()
    [[0.8, 0.2], [0.3, 0.7]]
    >>> clf.score([[0.0], [1.0]], [0, 1])
    1.0
    """

    output: str
    class_weight: Any
    label_smoothing: float
    classes_: NDArray[Any]
    several_labels_: bool

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
        dropout_schedule: str = "constant",
        weight_decay_schedule: str = "constant",
        max_grad_norm: float | None = None,
        warmup: float = 0.0,
        on_divergence: str = "raise",
        scoring: Any = None,
        engine: str = "auto",
        dtype: str = "auto",
        n_threads: int | None = None,
    ) -> None:
        self._keep(locals())

    @classmethod
    def from_parts(
        cls,
        network: Network,
        theta: ArrayLike,
        *,
        classes: ArrayLike,
        several_labels: bool = False,
        history: History | None = None,
        t: int = 0,
        **parameters: Any,
    ) -> Self:
        """Return a fitted estimator that predicts with given parameters.

        Parameters
        ----------
        network : Network
            With outputs "sigmoid" or "softmax". Two classes may have one sigmoid output.
        theta : array of shape (n_parameters,)
            float32 or float64, which is also the dtype of predictions; it is copied.
        classes : array of shape (n_classes,)
            Labels, ascending, in the order of the outputs.
        several_labels : bool, default False
            Whether a row has any number of labels, each 0 or 1, instead of exactly one.
        history : History, optional
            History of the training. Default: an empty one.
        t : int, default 0
            Number of examples that the training took, `t_`.
        **parameters
            Parameters of the constructor, for later fits. `hidden_layer_sizes` and `activation` follow from the
            network.

        Raises
        ------
        ValueError
            If the parts do not fit each other.

        Examples
        --------
        >>> clf = MLPClassifier.from_parts(Network((1, 1)), [-1.0, 2.0], classes=["high", "low"])
        >>> clf.predict([[0.0], [1.0]]).tolist()
        ['high', 'low']
        """
        labels = Labels.of_parts(classes, several_labels, network)
        return cls._of_parts(network, theta, labels, history, t, {"output": network.output, **parameters})

    @classmethod
    def from_sklearn(cls, estimator: Any) -> Self:
        """Return a fitted estimator that predicts as one of scikit-learn does.

        Parameters
        ----------
        estimator : MLPClassifier of scikit-learn, or pipeline that ends in one
            Fitted. Steps before it that are linear (scalers, PCA, selections of columns, column transformers of them)
            are folded into Θ⁽¹⁾; others are refused.

        Raises
        ------
        InputError
            If it ends in no such network, or has other steps.
        NotFittedError
            If it is not fitted.

        Examples
        --------
        >>> from sklearn.neural_network import MLPClassifier as Other
        >>> other = Other((2,), solver="lbfgs", random_state=1).fit([[0.0], [1.0]], ["no", "yes"])
        >>> same = MLPClassifier.from_sklearn(other).predict_proba([[0.0], [1.0]])
        >>> bool(np.allclose(same, other.predict_proba([[0.0], [1.0]]), rtol=1e-12))
        True
        """
        from deltarule.estimators.from_sklearn import parts_of_sklearn  # loads much of scikit-learn

        parts = parts_of_sklearn(estimator, "MLPClassifier")
        several = parts.source._label_binarizer.y_type_.startswith("multilabel")
        made = cls.from_parts(
            parts.network, parts.theta, classes=parts.source.classes_, several_labels=several, **parts.parameters
        )
        Columns(parts.network.sizes[0], parts.names).set_on(made)
        return made

    @available_if(BaseMLP._offers_partial_fit)
    def partial_fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        classes: ArrayLike | None = None,
    ) -> Self:
        """Train for one epoch over these rows, continuing with θ and the solver's state from the last call.

        k calls on the same rows are bit-identical to `fit` for k epochs.

        Parameters
        ----------
        X, y, sample_weight
            As for `fit`; y need not hold every class.
        classes : array of shape (n_classes,)
            All labels that any call will hold; required in the first call.

        Raises
        ------
        ValueError
            If data, classes or settings do not fit. A call that fails leaves the model as it was.
        """
        refuse_sources(X)
        known = SimpleNamespace(classes_=getattr(self, "classes_", None))  # a first call sets classes_ here
        is_first = _check_partial_fit_first_call(known, classes)
        several = is_first and not holds_probabilities(np.asarray(y), self.output) and has_several_labels(y)
        labels = Labels(known.classes_, several) if is_first else None
        return self._fit_one_epoch(X, y, sample_weight, labels)

    def encode(self, y: ArrayLike) -> Array:
        """Return labels, or probabilities of classes, as targets Y of shape (m, K), as `deltarule.cost` takes them.

        Raises
        ------
        InputError
            If a label is not among `classes_`, or a row of probabilities does not sum to 1.
        """
        self._check_fitted()
        return self._targets.encode(y)

    def predict(self, X: ArrayLike | Given) -> NDArray[Any]:
        """Return the label of each row, or a 0/1 matrix for several labels; X may be a source, as for `fit`."""
        if is_read_in_blocks(X):
            return predicted_in_blocks(self, "predict", X)
        h = self._hypothesis(X)
        return self._targets.decode(h)

    def predict_proba(self, X: ArrayLike | Given) -> Array:
        """Return the probability of each class, of shape (m, n_classes), in the order of `classes_`.

        Several labels have independent probabilities. For K classes with K sigmoid outputs, the hypotheses of a row
        are divided by their sum. X may be a source, as for `fit`.
        """
        if is_read_in_blocks(X):
            return predicted_in_blocks(self, "predict_proba", X)
        self._check_fitted()
        theta, network = self.theta_, self.network_
        if network.K == 1 and not self.several_labels_:
            z = self._hypothesis(X, of_z=True)  # instead of h, because 1 − h has lost digits
            return sigmoid_and_rest(z) if len(self.classes_) == 2 else np.ones_like(z)
        if self.several_labels_ or network.output == "softmax":
            return self._hypothesis(X)
        predictor, X = self._ready_for(X)
        h = predictor.hypothesis(theta, X)
        total = h.sum(axis=1, keepdims=True)
        has_lost = (h.min(axis=1) < np.finfo(h.dtype).tiny) & (total[:, 0] < 1)  # h has lost some digits, or all
        if not has_lost.any():
            return np.asarray(h / total)
        of_z = shares(predictor.z(theta, X[has_lost]))
        total[has_lost] = 1
        h[has_lost] = of_z
        return np.asarray(h / total)

    def predict_log_proba(self, X: ArrayLike | Given) -> Array:
        """Return the logarithm of `predict_proba`, accurate even where a probability rounds to 0 or 1.

        For several labels, probabilities above ½ are rounded before the logarithm is taken, as in scikit-learn. X may
        be a source, as for `fit`.
        """
        if is_read_in_blocks(X):
            return predicted_in_blocks(self, "predict_log_proba", X)
        z = self._hypothesis(X, of_z=True)
        if self.several_labels_:
            h = self._hypothesis(X)
            return np.asarray(np.where(h > 0.5, np.log(np.maximum(h, 0.5)), log_sigmoid(z)))
        if len(self.classes_) == 1:
            return np.zeros_like(z)
        if z.shape[1] == 1:
            return log_sigmoid(np.hstack([-z, z]))
        return log_softmax(z) if self.network_.output == "softmax" else log_shares(z)

    def score(
        self, X: ArrayLike | Given, y: ArrayLike | None = None, sample_weight: ArrayLike | str | None = None
    ) -> float:
        """Return the share of right labels, or of rows with all of several labels right.

        X may be a source, as for `fit`, with the names of columns as y and as weights.
        """
        if is_read_in_blocks(X):
            return scored_in_blocks(self, X, y, sample_weight)
        return float(super().score(X, y, sample_weight))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
