"""MLPClassifier: a drop-in for scikit-learn's, trained by this library."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import _check_partial_fit_first_call

from deltarule.common.arrays import Array
from deltarule.estimators.base import BaseMLP
from deltarule.estimators.checking import Columns
from deltarule.estimators.targets import Labels, has_several_labels
from deltarule.network.network import Network
from deltarule.network.parts import Unit
from deltarule.network.probabilities import log_shares, log_sigmoid, log_softmax, shares, sigmoid_and_rest
from deltarule.training.history import History

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
    several_labels_ : bool
        Whether a row has any number of labels, each 0 or 1, instead of exactly one.
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
            float32 or float64, the dtype in which it predicts; copied.
        classes : array of shape (n_classes,)
            Labels, ascending, in the order of the outputs.
        several_labels : bool, default False
            Whether a row has any number of labels, each 0 or 1, instead of exactly one.
        history : History, optional
            Of the training that led there. Default: none is known.
        t : int, default 0
            Examples that training took, `t_`.
        **parameters
            Those of the constructor, for fits that go on from here. `hidden_layer_sizes` and `activation` follow from
            the network.

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
        >>> MLPClassifier.from_sklearn(other).predict([[1.0]]).tolist()
        ['yes']
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
        known = SimpleNamespace(classes_=getattr(self, "classes_", None))  # on which scikit-learn sets what is new
        is_first = _check_partial_fit_first_call(known, classes)
        labels = Labels(known.classes_, has_several_labels(y)) if is_first else None
        return self._fit_one_epoch(X, y, sample_weight, labels)

    def encode(self, y: ArrayLike) -> Array:
        """Return the targets Y of shape (m, K) of labels, as `deltarule.cost` takes them.

        Raises
        ------
        InputError
            If a label is none of `classes_`.
        """
        self._check_fitted()
        return self._targets.encode(y)

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the label of each row; for several labels a 0/1 matrix."""
        h = self._hypothesis(X)
        return self._targets.decode(h)

    def predict_proba(self, X: ArrayLike) -> Array:
        """Return the probability of each class, of shape (m, n_classes), in the order of `classes_`.

        Several labels have one independent probability each. For K independent sigmoids on K classes the
        hypotheses are divided by their sum.
        """
        predictor, X = self._ready_for(X)
        theta, network = self.theta_, self.network_
        if network.K == 1 and not self.several_labels_:
            z = predictor.z(theta, X)  # 1 − h has lost the digits that z has
            return sigmoid_and_rest(z) if len(self.classes_) == 2 else np.ones_like(z)
        h = predictor.hypothesis(theta, X)
        if self.several_labels_ or network.output == "softmax":
            return h
        total = h.sum(axis=1, keepdims=True)
        has_lost = (h.min(axis=1) < np.finfo(h.dtype).tiny) & (total[:, 0] < 1)  # digits, or all of them
        if not has_lost.any():
            return np.asarray(h / total)
        of_z = shares(predictor.z(theta, X[has_lost]))
        total[has_lost] = 1
        h[has_lost] = of_z
        return np.asarray(h / total)

    def predict_log_proba(self, X: ArrayLike) -> Array:
        """Return the logarithm of `predict_proba`, with the digits that a probability loses where it rounds to 0 or 1.

        Of several labels, the logarithm of a probability above ½ is that of the rounded one, as in scikit-learn.
        """
        predictor, X = self._ready_for(X)
        z = predictor.z(self.theta_, X)
        if self.several_labels_:
            h = predictor.hypothesis(self.theta_, X)
            return np.asarray(np.where(h > 0.5, np.log(np.maximum(h, 0.5)), log_sigmoid(z)))
        if len(self.classes_) == 1:
            return np.zeros_like(z)
        if z.shape[1] == 1:
            return log_sigmoid(np.hstack([-z, z]))
        return log_softmax(z) if self.network_.output == "softmax" else log_shares(z)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
