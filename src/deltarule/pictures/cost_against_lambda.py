"""Cost against λ: which strength of the penalty generalises to examples outside the training set."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from deltarule.common.arrays import Array
from deltarule.common.errors import InputError
from deltarule.common.html import fragment, table, tag
from deltarule.network.data import check_lambda
from deltarule.pictures.by_fold import draw_costs, mean_and_error, stack
from deltarule.pictures.style import GREY, axes_for

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from deltarule.estimators.base import BaseMLP
    from deltarule.estimators.cross_validation import Draws, FoldResult, Problem
    from deltarule.estimators.predictor import Predictor
    from deltarule.training.members import Chain

__all__ = ["LAMBDAS", "LambdaPath", "lambda_path"]

LAMBDAS = (0.0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)


@dataclass(frozen=True, eq=False)
class LambdaPath:
    """Costs by k-fold cross-validation for a grid of λ; made by `lambda_path`.

    Attributes
    ----------
    lambdas : array of shape (n,)
        λ, ascending.
    training_cost, validation_cost : arrays of shape (n, folds)
        Mean ℓ over the fitted rows, and over the held-out rows, without penalty.
    penalty : array of shape (n, folds)
        λ/2m Σ Θ²; added to `training_cost` it gives J (2).
    validation_score : array of shape (n, folds)
        Accuracy of a classifier, R² of a regressor.
    epochs : array of shape (n, folds), int
        Number of epochs of each fit.
    score_name : str
        `"accuracy"` or `"R²"`.
    """

    lambdas: Array
    training_cost: Array
    validation_cost: Array
    penalty: Array
    validation_score: Array
    epochs: Array
    score_name: str

    @property
    def best(self) -> int:
        """Index of the λ with the least mean validation cost; among equals, of the largest λ."""
        means = self.validation_cost.mean(axis=1)
        return int(np.flatnonzero(means == means.min())[-1])

    @property
    def best_lambda(self) -> float:
        """The chosen λ."""
        return float(self.lambdas[self.best])

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw both mean costs with their standard errors against λ, and mark the chosen λ.

        A logarithmic axis has no place for λ = 0, so it is drawn at the left end.

        Returns
        -------
        ax : matplotlib Axes
        """
        ax = axes_for(ax)
        positive = self.lambdas[self.lambdas > 0]
        places = self.lambdas.astype(np.float64)
        if len(positive):
            ax.set_xscale("log")
            places = np.where(self.lambdas > 0, self.lambdas, positive[0] / 4)
        ax.axvline(places[self.best], color=GREY, linewidth=1, linestyle=":", label=f"chosen, λ = {self.best_lambda:g}")
        draw_costs(ax, places, self.training_cost, self.validation_cost)
        if len(positive) and len(positive) < len(self.lambdas):
            _name_zero(ax, float(places[0]), positive)
        ax.set_xlabel("strength of the penalty $\\lambda$")
        return ax

    def _repr_html_(self) -> str:
        """Return a small table of λ, the mean costs with their standard errors, and the mean score."""
        heads = ("λ", "training cost", "validation cost", f"validation {self.score_name}")
        columns = [
            mean_and_error(values) for values in (self.training_cost, self.validation_cost, self.validation_score)
        ]
        rows = [
            (
                f"{value:g}{' (chosen)' if n == self.best else ''}",
                *(f"{mean[n]:.4g} ± {error[n]:.2g}" for mean, error in columns),
            )
            for n, value in enumerate(self.lambdas)
        ]
        folds = self.validation_cost.shape[1]
        about = f"Means over {folds} folds ± standard error; costs without penalty."
        return fragment(table([heads, *rows]), tag("p", about, class_="faint"))


def lambda_path(
    estimator: "BaseMLP",
    X: ArrayLike,
    y: ArrayLike,
    *,
    lambdas: Sequence[float] = LAMBDAS,
    cv: Any = 5,
    sample_weight: ArrayLike | None = None,
) -> LambdaPath:
    """Train an estimator for each λ of a grid, by k-fold cross-validation.

    In each fold the largest λ is fitted as by `fit`. The fit of each smaller λ begins with the θ of the previous fit,
    as with `warm_start`. The order matters: towards smaller λ the network gains freedom step by step; towards larger λ
    it would have to unlearn what it had overfitted. The folds are trained side by side.

    If J has one minimum (no hidden layer), the costs equal those of fits from first weights, within the solver's
    tolerance. Otherwise both kinds of fit end in some minimum, and at small λ a warm start tends to overfit less.

    Parameters
    ----------
    estimator : MLPClassifier or MLPRegressor
        Its parameters except `alpha` are used. It is not changed.
    X : array, sparse matrix or frame of shape (m, n_features)
    y : array of shape (m,) or (m, K)
    lambdas : sequence of float
        λ ≥ 0, in any order.
    cv : int or splitter of scikit-learn, default 5
        Folds are cut as `validation_curve` does.
    sample_weight : array of shape (m,), optional
        Weights of the examples in training, costs and scores.

    Returns
    -------
    LambdaPath

    Raises
    ------
    ValueError
        If data, settings or λ do not fit.
    DivergedError
        If the cost of a fit becomes non-finite.

    Examples
    --------
    y is a line with noise, and a penalty only flattens the line:

    >>> from deltarule import MLPRegressor
    >>> X = np.linspace(-1, 1, 30)[:, np.newaxis]
    >>> y = 3 * X[:, 0] + np.resize([0.1, -0.1], 30)
    >>> line = MLPRegressor(hidden_layer_sizes=(), solver="lbfgs", random_state=0)
    >>> lambda_path(line, X, y, lambdas=[0.01, 1, 100]).best_lambda
    0.01
    """
    from deltarule.estimators.cross_validation import Problem, fit_together, warn_of_unfinished

    grid = np.unique([check_lambda(value) for value in lambdas])
    if len(grid) == 0:
        raise InputError("lambdas is empty: give at least one λ, such as [0.1, 1, 10].")
    problem = Problem.of(estimator, X, y, sample_weight)
    folds = [(fold, problem.draw()) for fold in problem.folds(cv)]
    columns = fit_together(problem, [partial(_path, problem, *fold, grid[::-1]) for fold in folds])
    columns = [column[::-1] for column in columns]
    warn_of_unfinished([fit for column in columns for fit in column], problem.settings)
    fits = np.array(columns, dtype=object).T  # (n, folds)
    return LambdaPath(
        lambdas=grid,
        training_cost=stack(fits, "training_cost"),
        validation_cost=stack(fits, "validation_cost"),
        penalty=stack(fits, "penalty"),
        validation_score=stack(fits, "validation_score"),
        epochs=stack(fits, "epochs").astype(np.int64),
        score_name=problem.score_name,
    )


def _path(
    problem: "Problem", indices: tuple[Array, Array], draws: "Draws", lambdas: Array, worker: "Predictor"
) -> "Chain[list[FoldResult]]":
    fold, results = problem.task(*indices, draws), []
    for value in lambdas:
        result, fold = yield from problem.fit(worker, fold, float(value))
        results.append(result)
    return results


def _name_zero(ax: "Axes", place: float, positive: Array) -> None:
    """Write 0 at the left end of a logarithmic axis, and powers of ten at their places."""
    from matplotlib.ticker import FixedFormatter, FixedLocator, NullFormatter

    low, high = np.floor(np.log10(positive[0])), np.ceil(np.log10(positive[-1]))
    every = int(max(1, np.ceil((high - low + 1) / 6)))
    powers = [n for n in range(int(low), int(high) + 1, every) if positive[0] <= 10.0**n * 1.001 <= positive[-1] * 1.01]
    ax.xaxis.set_major_locator(FixedLocator([place, *(10.0**n for n in powers)]))
    ax.xaxis.set_major_formatter(FixedFormatter(["0", *(f"$10^{{{n}}}$" for n in powers)]))
    ax.xaxis.set_minor_formatter(NullFormatter())
