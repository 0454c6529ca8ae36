"""MLPRegressor: a drop-in replacement for scikit-learn's, trained by this library."""

from collections.abc import Sequence
from typing import Any, Self

from numpy.typing import ArrayLike
from sklearn.base import RegressorMixin
from sklearn.utils.metaestimators import available_if

from deltarule.blocks.sources import Given
from deltarule.common.arrays import Array
from deltarule.common.errors import SettingsError
from deltarule.estimators.base import BaseMLP
from deltarule.estimators.checking import Columns
from deltarule.estimators.quantities import LOSSES, Quantities
from deltarule.estimators.streamed_predictions import is_read_in_blocks, predicted_in_blocks
from deltarule.estimators.streamed_scores import scored_in_blocks
from deltarule.network.network import Network
from deltarule.network.parts import Unit
from deltarule.training.history import History

__all__ = ["MLPRegressor"]


class MLPRegressor(RegressorMixin, BaseMLP):
    """Multilayer perceptron for one quantity, or several at once.

    Minimises the regularised cost J(Θ) of `deltarule.cost`. Parameters have scikit-learn's names, order and defaults;
    `deltarule.settings` describes them. One difference is deliberate: the penalty is λ/2m Σ Θ² with m the size of the
    training set, in a mini-batch too.

    Parameters
    ----------
    loss : {"squared_error", "poisson"}, default "squared_error"
        Half the squared error, with identity outputs; half the Poisson deviance, with exp outputs, for counts and
        other y ≥ 0. The losses of several targets are added up.
    hidden_layer_sizes : sequence of int, default (100,)
        Number of units of each hidden layer; `()` for no hidden layer, which is linear or Poisson regression.
    activation : str, Unit or sequence of them, default "relu"
        Hidden units: one name for all layers, or one for each.
    solver, alpha, batch_size, learning_rate, learning_rate_init, power_t, max_iter, shuffle, tol, momentum, \
nesterovs_momentum, early_stopping, validation_fraction, beta_1, beta_2, epsilon, n_iter_no_change, max_fun, dropout, \
weight_decay, dropout_schedule, weight_decay_schedule, max_grad_norm, warmup, on_divergence, engine, dtype, n_threads
        See `deltarule.settings.Settings`. Early stopping watches R².
    random_state : int, Generator, RandomState or None
        Seed of the first weights, the shuffles and the hold-out.
    scoring : str, callable, list of str or dict, optional
        Scores to measure after each epoch, on the training set and on a validation set: names of scikit-learn's
        scorers, or callables (estimator, X, y) → float; `"loss"` is the cost. Early stopping watches the first. Each
        is tried once before the first epoch; an undefined score is NaN. Default: R², on the validation set only.
    verbose : bool or "bar", default False
        Print the cost after each epoch, or show a progress bar.
    warm_start : bool, default False
        Continue from the parameters of the previous fit.

    Attributes
    ----------
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
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 5.0, 7.0]
    >>> reg = MLPRegressor(hidden_layer_sizes=(), solver="lbfgs", alpha=0.0, random_state=1).fit(X, y)
    >>> reg.predict([[4.0]]).round(3)
    array([9.])
    """

    loss: str

    def __init__(
        self,
        loss: str = "squared_error",
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
        history: History | None = None,
        t: int = 0,
        **parameters: Any,
    ) -> Self:
        """Return a fitted estimator that predicts with given parameters.

        Parameters
        ----------
        network : Network
            With outputs "identity" or "exp".
        theta : array of shape (n_parameters,)
            float32 or float64, which is also the dtype of predictions; it is copied.
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
        >>> reg = MLPRegressor.from_parts(Network((1, 1), output="identity"), [1.0, 2.0])
        >>> reg.predict([[4.0]])
        array([9.])
        """
        losses = {output: loss for loss, output in LOSSES.items()}
        if network.output not in losses or parameters.get("loss", losses[network.output]) != losses[network.output]:
            raise SettingsError(
                f"The network has {network.output} outputs, which are not those of "
                f"{'loss=' + repr(parameters['loss']) if 'loss' in parameters else 'a regressor'}. Take identity "
                "outputs for loss='squared_error', and exp outputs for loss='poisson'."
            )
        parameters = {"loss": losses[network.output], **parameters}
        return cls._of_parts(network, theta, Quantities(network.output), history, t, parameters)

    @classmethod
    def from_sklearn(cls, estimator: Any) -> Self:
        """Return a fitted estimator that predicts as one of scikit-learn does.

        Parameters
        ----------
        estimator : MLPRegressor of scikit-learn, or pipeline that ends in one
            Fitted, also as the regressor of a `TransformedTargetRegressor`. Steps before it that are linear (scalers,
            PCA, selections of columns, column transformers of them) are folded into Θ⁽¹⁾, and the scale of the target
            into the last Θ⁽ˡ⁾; others are refused.

        Raises
        ------
        InputError
            If it ends in no such network, or has other steps.
        NotFittedError
            If it is not fitted.
        """
        from deltarule.estimators.from_sklearn import parts_of_sklearn  # loads much of scikit-learn

        parts = parts_of_sklearn(estimator, "MLPRegressor")
        made = cls.from_parts(parts.network, parts.theta, **parts.parameters)
        Columns(parts.network.sizes[0], parts.names).set_on(made)
        return made

    @available_if(BaseMLP._offers_partial_fit)
    def partial_fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Train for one epoch over these rows, continuing with θ and the solver's state from the last call.

        k calls on the same rows are bit-identical to `fit` for k epochs.

        Raises
        ------
        ValueError
            If data or settings do not fit. A call that fails leaves the model as it was.
        """
        return self._fit_one_epoch(X, y, sample_weight, None)

    def encode(self, y: ArrayLike) -> Array:
        """Return the targets Y of shape (m, K), as `deltarule.cost` takes them."""
        return Quantities().encode(y)

    def predict(self, X: ArrayLike | Given) -> Array:
        """Return the predicted quantity of each row, of shape (m,), or (m, K) for several targets.

        X may be a source, as for `fit`.
        """
        if is_read_in_blocks(X):
            return predicted_in_blocks(self, "predict", X)
        return Quantities().decode(self._hypothesis(X))

    def score(
        self, X: ArrayLike | Given, y: ArrayLike | None = None, sample_weight: ArrayLike | str | None = None
    ) -> float:
        """Return R², as a mean over several targets.

        X may be a source, as for `fit`, with the names of columns as y and as weights.
        """
        if is_read_in_blocks(X):
            return scored_in_blocks(self, X, y, sample_weight)
        return float(super().score(X, y, sample_weight))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
