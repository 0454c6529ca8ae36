"""ROC and precision–recall curves: what a threshold on a class's probability gains and costs."""

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
"""Most curves with a name. With more classes, only the best and the two worst are named; the others are thin."""

_LOOKS: tuple[dict[str, Any], ...] = (
    {"color": BLUE, "linestyle": "-"},
    {"color": ORANGE, "linestyle": (0, (5, 1.5))},
    {"color": INK, "linestyle": (0, (1, 1))},
    {"color": "#009e73", "linestyle": (0, (5, 1.2, 1, 1.2))},
)


_GUESSING: dict[str, Any] = {"linewidth": 0.8, "linestyle": (0, (4, 2))}


@dataclass(frozen=True, eq=False)
class RocCurve:
    """The ROC curve of one class against the rest.

    Attributes
    ----------
    name : str
    false_positive_rate, true_positive_rate : arrays of shape (n,)
        Ascending, from (0, 0) to (1, 1).
    area : float
        Area under the curve: how often an example of the class gets a larger probability than one of the rest.
    """

    name: str
    false_positive_rate: Array
    true_positive_rate: Array
    area: float


@dataclass(frozen=True, eq=False)
class PrecisionRecallCurve:
    """The precision–recall curve of one class against the rest.

    Attributes
    ----------
    name : str
    precision, recall : arrays of shape (n,)
        The last values are 1 and 0, where no example is predicted to be of the class.
    average_precision : float
        Mean of the precisions, each weighted by the recall that it adds.
    share : float
        Share of the class among the examples, which is the precision of guessing.
    """

    name: str
    precision: Array
    recall: Array
    average_precision: float
    share: float


@dataclass(frozen=True, eq=False)
class Roc:
    """The ROC curve of each class with examples and counterexamples, or of the second of two; made by `roc`."""

    curves: tuple[RocCurve, ...]

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw the true against the false positive rate; of more than four classes only the best and worst are named.

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
    """The precision–recall curve of each class with examples, or of the second of two; made by `precision_recall`."""

    curves: tuple[PrecisionRecallCurve, ...]

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw the precision against the recall; of more than four classes only the best and worst are named.

        A thin line shows the precision of guessing, which is the share of the class.

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
    """Return the ROC curves of a fitted classifier on examples.

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
    """Return the ROC curves of probabilities of shape (m, n_classes)."""
    from sklearn.metrics import auc, roc_curve

    curves = []
    for name, truth, scores in _one_against_the_rest(classes, y, probabilities):
        if truth.all():
            continue
        false, true, _ = roc_curve(truth, scores, sample_weight=sample_weight)
        curves.append(RocCurve(name, false, true, float(auc(false, true))))
    return Roc(tuple(curves))


def precision_recall(model: Any, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> PrecisionRecall:
    """Return the precision–recall curves of a fitted classifier on examples.

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
    """Return name, membership and probability of each class that has examples."""
    labels = np.asarray(y)
    several = labels.ndim == 2
    for n, name in enumerate(classes.tolist()):
        if n == 0 and len(classes) == 2 and not several:
            continue
        truth = labels[:, n] > 0 if several else labels == name
        if truth.any():
            yield str(name), truth, probabilities[:, n]


def _looks(names: list[str], areas: list[float]) -> Iterator[tuple[int, str | None, dict[str, Any]]]:
    """Return index, label and style of each curve; curves with a name come last, so that they lie on top."""
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
