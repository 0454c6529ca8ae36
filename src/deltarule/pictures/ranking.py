"""ROC and precision–recall: what a threshold on the probability gains and costs, for each class against the rest."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from deltarule.common.arrays import Array
from deltarule.pictures.models import classes_of
from deltarule.pictures.style import BLUE, GREY, INK, ORANGE, axes_for

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["PrecisionRecall", "PrecisionRecallCurve", "Roc", "RocCurve", "precision_recall", "roc", "roc_of"]

_MOST_NAMED = 4
"""With more classes the best and the worst are named, and the others drawn thin."""

_LOOKS: tuple[dict[str, Any], ...] = (
    {"color": BLUE, "linestyle": "-"},
    {"color": ORANGE, "linestyle": (0, (5, 1.5))},
    {"color": INK, "linestyle": (0, (1, 1))},
    {"color": "#009e73", "linestyle": (0, (5, 1.2, 1, 1.2))},
)


_GUESSING: dict[str, Any] = {"linewidth": 0.8, "linestyle": (0, (4, 2))}


@dataclass(frozen=True, eq=False)
class RocCurve:
    """One class against the rest.

    Attributes
    ----------
    name : str
    false_positive_rate, true_positive_rate : arrays of shape (n,)
        Ascending, from (0, 0) to (1, 1).
    area : float
        Under the curve: how often an example of the class is given a larger probability than another.
    """

    name: str
    false_positive_rate: Array
    true_positive_rate: Array
    area: float


@dataclass(frozen=True, eq=False)
class PrecisionRecallCurve:
    """One class against the rest.

    Attributes
    ----------
    name : str
    precision, recall : arrays of shape (n,)
        The last are 1 and 0: nothing is taken for the class.
    average_precision : float
        Mean of the precisions, weighted with the recall that each adds.
    share : float
        Share of the class among the examples: the precision of guessing.
    """

    name: str
    precision: Array
    recall: Array
    average_precision: float
    share: float


@dataclass(frozen=True, eq=False)
class Roc:
    """ROC of each class that has examples and counterexamples; of two classes, the second's. Made by `roc`."""

    curves: tuple[RocCurve, ...]

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw the true against the false positive rate; with more than four classes the best and worst are named.

        Returns
        -------
        ax : matplotlib Axes
        """
        ax = axes_for(ax, (5.2, 4.8))
        ax.plot([0, 1], [0, 1], color=GREY, label="guessing: 0.5", **_GUESSING)
        for n, label, style in _looks([curve.name for curve in self.curves], [curve.area for curve in self.curves]):
            curve = self.curves[n]
            ax.plot(curve.false_positive_rate, curve.true_positive_rate, label=label, **style)
        _finish(ax, "false positive rate", "true positive rate", "area under the curve", "lower right")
        return ax


@dataclass(frozen=True, eq=False)
class PrecisionRecall:
    """Precision–recall of each class that has examples; of two classes, the second's. Made by `precision_recall`."""

    curves: tuple[PrecisionRecallCurve, ...]

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw the precision against the recall; with more than four classes the best and worst are named.

        A thin line is what guessing would give: the share of the class.

        Returns
        -------
        ax : matplotlib Axes
        """
        ax = axes_for(ax, (5.2, 4.8))
        areas = [curve.average_precision for curve in self.curves]
        share = f"{self.curves[0].share:.3f}" if len(self.curves) == 1 else "share of the class"
        ax.plot([], [], color=GREY, label=f"guessing: {share}", **_GUESSING)
        for n, label, style in _looks([curve.name for curve in self.curves], areas):
            curve = self.curves[n]
            ax.plot(curve.recall, curve.precision, drawstyle="steps-post", label=label, **style)
            ax.plot([0, 1], [curve.share] * 2, **{"color": style["color"], **_GUESSING})
        _finish(ax, "recall", "precision", "average precision", "lower left")
        return ax


def roc(model: Any, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Roc:
    """Return the ROC of a fitted classifier on examples.

    Parameters
    ----------
    model : MLPClassifier
    X : array, sparse matrix or frame of shape (m, n_features)
    y : array of shape (m,), or a 0/1 matrix of shape (m, K)
    sample_weight : array of shape (m,), optional

    Raises
    ------
    NotFittedError
        If the model is not fitted yet.
    InputError
        If the model is no classifier.
    """
    return roc_of(classes_of(model, "A ROC"), y, model.predict_proba(X), sample_weight)


def roc_of(classes: NDArray[Any], y: ArrayLike, probabilities: Array, sample_weight: ArrayLike | None = None) -> Roc:
    """Return the ROC of probabilities of shape (m, n_classes)."""
    from sklearn.metrics import auc, roc_curve

    curves = []
    for name, truth, scores in _one_against_the_rest(classes, y, probabilities):
        if truth.all():
            continue
        false, true, _ = roc_curve(truth, scores, sample_weight=sample_weight)
        curves.append(RocCurve(name, false, true, float(auc(false, true))))
    return Roc(tuple(curves))


def precision_recall(model: Any, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> PrecisionRecall:
    """Return precision and recall of a fitted classifier on examples, at every threshold.

    Parameters
    ----------
    model : MLPClassifier
    X : array, sparse matrix or frame of shape (m, n_features)
    y : array of shape (m,), or a 0/1 matrix of shape (m, K)
    sample_weight : array of shape (m,), optional

    Raises
    ------
    NotFittedError
        If the model is not fitted yet.
    InputError
        If the model is no classifier.
    """
    from sklearn.metrics import average_precision_score, precision_recall_curve

    classes = classes_of(model, "A precision–recall curve")
    weights = None if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
    curves = []
    for name, truth, scores in _one_against_the_rest(classes, y, model.predict_proba(X)):
        precision, recall, _ = precision_recall_curve(truth, scores, sample_weight=sample_weight)
        area = float(average_precision_score(truth, scores, sample_weight=sample_weight))
        share = float(np.average(truth.astype(np.float64), weights=weights))
        curves.append(PrecisionRecallCurve(name, precision, recall, area, share))
    return PrecisionRecall(tuple(curves))


def _one_against_the_rest(
    classes: NDArray[Any], y: ArrayLike, probabilities: Array
) -> Iterator[tuple[str, NDArray[np.bool_], Array]]:
    """Return the name, the examples and the probabilities of each class that has examples."""
    labels = np.asarray(y)
    several = labels.ndim == 2
    for n, name in enumerate(classes.tolist()):
        if n == 0 and len(classes) == 2 and not several:
            continue
        truth = labels[:, n] > 0 if several else labels == name
        if truth.any():
            yield str(name), truth, probabilities[:, n]


def _looks(names: list[str], areas: list[float]) -> Iterator[tuple[int, str | None, dict[str, Any]]]:
    """Return index, label and style of each curve, those with a name last, so that they lie on top."""
    order = np.argsort(areas, kind="stable")[::-1].tolist()
    if len(names) <= _MOST_NAMED:
        named = order
    else:
        named = [order[0], order[-2], order[-1]]
        rest = [n for n in order if n not in named]
        for n in rest:
            label = f"{len(rest)} other classes" if n == rest[0] else None
            yield n, label, {"color": "#9a9a9a", "linewidth": 0.7}
    for n, look in zip(named, _LOOKS, strict=False):
        name = names[n] if len(names[n]) <= 16 else f"{names[n][:15]}…"
        yield n, f"class {name}: {areas[n]:.3f}", {"linewidth": 1.6, **look}


def _finish(ax: "Axes", x: str, y: str, title: str, place: Literal["lower left", "lower right"]) -> None:
    ax.set_xlim(-0.02, 1.02)
    ax.set_ylim(-0.02, 1.02)
    ax.set_aspect("equal")
    ax.set_xlabel(x)
    ax.set_ylabel(y)
    ax.legend(frameon=False, fontsize="x-small", title=title, title_fontsize="x-small", loc=place)
