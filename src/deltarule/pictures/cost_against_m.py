"""Cost against m: whether more examples would help (high variance), or a larger network (high bias)."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from deltarule.common.arrays import Array
from deltarule.common.errors import InputError
from deltarule.pictures.by_fold import draw_costs, stack
from deltarule.pictures.style import axes_for

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from deltarule.estimators.base import BaseMLP
    from deltarule.estimators.cross_validation import Draws, FoldResult, Problem
    from deltarule.estimators.predictor import Predictor
    from deltarule.training.members import Chain

__all__ = ["SizePath", "size_path"]


@dataclass(frozen=True, eq=False)
class SizePath:
    """Costs by k-fold cross-validation for growing m; made by `size_path`.

    Attributes
    ----------
    sizes : array of shape (n,), int
        Numbers of fitted rows, ascending.
    training_cost, validation_cost : arrays of shape (n, folds)
        Mean ℓ over the fitted rows, and over all rows of the held-out fold, without penalty.
    validation_score : array of shape (n, folds)
        Accuracy of a classifier, R² of a regressor.
    score_name : str
        `"accuracy"` or `"R²"`.
    """

    sizes: Array
    training_cost: Array
    validation_cost: Array
    validation_score: Array
    score_name: str

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw both mean costs with their standard errors against m.

        If the curves meet at a high cost, the network is too small or λ too large (bias). If there is a gap between
        them, the network learns its examples by heart (variance), and more examples would help.

        Returns
        -------
        ax : matplotlib Axes
        """
        ax = axes_for(ax)
        draw_costs(ax, self.sizes, self.training_cost, self.validation_cost)
        ax.set_xlabel("examples to learn from, $m$")
        return ax


def size_path(
    estimator: "BaseMLP",
    X: ArrayLike,
    y: ArrayLike,
    *,
    sizes: Sequence[float] = (0.1, 0.2, 0.4, 0.6, 0.8, 1.0),
    cv: Any = 5,
    sample_weight: ArrayLike | None = None,
    seed: int = 0,
) -> SizePath:
    """Train an estimator on growing parts of the data, by k-fold cross-validation.

    Parameters
    ----------
    estimator : MLPClassifier or MLPRegressor
        It is not changed.
    X : array, sparse matrix or frame of shape (m, n_features)
    y : array of shape (m,) or (m, K)
    sizes : sequence of float or int
        Shares in (0, 1] of the training rows of a fold, or numbers of rows, 2 or more.
    cv : int or splitter of scikit-learn, default 5
    sample_weight : array of shape (m,), optional
    seed : int, default 0
        Seed of the order in which rows are added. A larger part holds all rows of a smaller one.

    Returns
    -------
    SizePath

    Raises
    ------
    ValueError
        If data, settings or sizes do not fit.
    DivergedError
        If the cost of a fit becomes non-finite.
    """
    from deltarule.estimators.cross_validation import Problem, fit_together, warn_of_unfinished

    problem = Problem.of(estimator, X, y, sample_weight)
    generator = np.random.default_rng(seed)
    folds = [(generator.permutation(fitted), held_out) for fitted, held_out in problem.folds(cv)]
    counts = _counts(sizes, min(len(fitted) for fitted, _ in folds))
    # The longest fits begin first, so that all cores finish at about the same time.
    parts = [(fitted[:m], held_out) for m in counts[::-1] for fitted, held_out in folds]
    fits = fit_together(problem, [partial(_fit, problem, part, problem.draw()) for part in parts])
    warn_of_unfinished(fits, problem.settings)
    table = np.array(fits, dtype=object).reshape(len(counts), len(folds))[::-1]
    return SizePath(
        sizes=counts,
        training_cost=stack(table, "training_cost"),
        validation_cost=stack(table, "validation_cost"),
        validation_score=stack(table, "validation_score"),
        score_name=problem.score_name,
    )


def _fit(problem: "Problem", part: tuple[Array, Array], draws: "Draws", worker: "Predictor") -> "Chain[FoldResult]":
    fitted, held_out = part
    result, _ = yield from problem.fit(worker, problem.task(np.sort(fitted), held_out, draws))
    return result


def _counts(sizes: Sequence[float], m: int) -> Array:
    """Return the sizes as numbers of rows."""
    given = np.asarray(sizes)
    if given.size == 0 or given.ndim != 1:
        raise InputError(
            f"sizes={sizes!r} is no list of sizes: give shares such as [0.1, 0.5, 1.0], or numbers of rows."
        )
    counts = given if given.dtype.kind in "iu" else np.round(given * m).astype(np.int64)
    low, high = (2, m) if given.dtype.kind in "iu" else (0, 1)
    if given.min() < low or given.max() > high or counts.min() < 2:
        raise InputError(
            f"sizes={list(sizes)} does not fit: a fold leaves {m} rows to learn from. Give shares in (0, 1] that "
            f"make 2 rows or more, or whole numbers from 2 to {m}."
        )
    return np.unique(counts)
