"""Labels as targets: classes, several labels per row, or probabilities; their encoding for a network and back."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.multiclass import check_classification_targets, type_of_target, unique_labels

from deltarule.common.arrays import Array, text_array
from deltarule.common.errors import InputError, SettingsError
from deltarule.estimators.class_weights import sums_of_classes, weights_of_classes
from deltarule.estimators.printing import warn_of_one_class
from deltarule.estimators.quantities import Quantities
from deltarule.estimators.soft_labels import check_probabilities, holds_probabilities
from deltarule.network.data import TrainingSet
from deltarule.network.network import Network

__all__ = ["Labels", "Targets", "has_several_labels"]


@dataclass(frozen=True, eq=False)
class Labels:
    """Labels of classes.

    Attributes
    ----------
    classes : array of shape (n_classes,)
        Ascending.
    several : bool
        Whether a row has any number of labels, each 0 or 1, instead of exactly one.
    output : str
        Name of the output units: `"sigmoid"` or `"softmax"`.
    class_weights : array of shape (n_classes,), or None
        Weight of a row of each class in the cost. None: 1.
    class_sums : array of shape (n_classes,), or None
        The sum of the sample weights of each class so far, from which `"balanced"` weights are computed.
    smoothing : float
        Share of each target that is spread evenly in training.
    has_pair : bool
        Whether each of two classes has a sigmoid output of its own, as in Weka's networks.
    """

    classes: NDArray[Any]
    several: bool = False
    output: str = "sigmoid"
    class_weights: Array | None = None
    class_sums: Array | None = None
    smoothing: float = 0.0
    has_pair: bool = False

    score_name: ClassVar[str] = "accuracy"

    @classmethod
    def of(
        cls,
        y: NDArray[Any],
        output: str,
        smoothing: float = 0.0,
        known: "Labels | None" = None,
        may_lack_classes: bool = False,
        names: NDArray[Any] | None = None,
    ) -> "Labels":
        """Return the labels that y describes.

        Parameters
        ----------
        y : array of shape (m,), (m, n_labels) or (m, K)
            Labels, a 0/1 matrix of several labels, or probabilities of classes.
        output : {"auto", "sigmoid", "softmax"}
        smoothing : float
        known : Labels, optional
            Labels of the network so far, which y must fit.
        may_lack_classes : bool
            Whether some of the known classes may be absent from y.
        names : array of shape (K,), optional
            The classes of the columns of a matrix of probabilities. Default: 0 … K − 1, or those of `known`.

        Raises
        ------
        ValueError
            If y holds no labels, or labels that do not fit `known`.
        """
        if holds_probabilities(y, output):
            return cls._of_probabilities(y, output, smoothing, known, names)
        classes = np.unique(y) if y.ndim == 1 and y.dtype.kind in "biuU" else None
        # Labels of these kinds are always classes. type_of_target would take 0.13 ms to find that out, and would warn
        # of so many labels that they look like quantities.
        several = (classes is None or 2 * len(classes) > len(y)) and has_several_labels(y)
        if classes is None:
            classes = np.arange(y.shape[1]) if several else unique_labels(y)
        if known is not None:
            _check_known(known, classes, several, y, may_lack_classes)
            classes, several = known.classes, known.several
        elif len(classes) == 1 and not several:
            warn_of_one_class(classes.tolist()[0])
        has_pair = known is not None and known.has_pair
        return cls(classes, several, _output_units(output, len(classes), several), None, None, smoothing, has_pair)

    @classmethod
    def _of_probabilities(
        cls, y: Array, output: str, smoothing: float, known: "Labels | None", names: NDArray[Any] | None
    ) -> "Labels":
        check_probabilities(y)
        K = y.shape[1]
        if known is None:
            classes = np.arange(K) if names is None else names
            return cls(classes, False, _output_units(output, K, False), None, None, smoothing)
        if known.several or len(known.classes) != K:
            had = "labels a row" if known.several else "classes"
            raise InputError(
                f"y holds probabilities of {K} classes, but the network was trained on {len(known.classes)} {had}."
            )
        if names is not None and names.tolist() != known.classes.tolist():
            raise InputError(
                f"The columns of y name the classes {names.tolist()[:10]}, but the network was trained on "
                f"{known.classes.tolist()[:10]}."
            )
        return replace(known, output=_output_units(output, K, False), smoothing=smoothing)

    @classmethod
    def of_parts(cls, classes: ArrayLike, several: bool, network: Network) -> "Labels":
        """Return the labels of a network's outputs.

        Raises
        ------
        InputError
            If the classes are not ascending labels, or do not fit the outputs of the network.
        """
        labels = _plain(np.asarray(classes))
        is_ascending = labels.ndim == 1 and len(labels) > 0 and labels.dtype.kind in "biufUO"
        if not (is_ascending and bool(np.all(labels[:-1] < labels[1:]))):
            raise InputError(
                f"classes={str(classes)[:80]} are not labels in ascending order, each once. Pass them as classes_ of a "
                "fitted classifier has them."
            )
        made = cls(labels, several, network.output, has_pair=not several and len(labels) == network.K == 2)
        if network.output not in ("sigmoid", "softmax") or made.n_outputs != network.K:
            raise InputError(
                f"{len(labels)} {'labels a row' if several else 'classes'} do not fit the network {network} with "
                f"{network.output} outputs. A classifier has sigmoid outputs, one for each class or label, or one "
                "for two classes, or softmax outputs, one for each class."
            )
        return made

    def weighed(
        self, class_weight: Any, y: NDArray[Any], sample_weight: Array | None, known: "Labels | None" = None
    ) -> "Labels":
        """Return the same labels with the weights that `class_weight` gives.

        The `class_sums` of `known` are added to those of y.

        Raises
        ------
        SettingsError
            If rows have several labels or shares of all classes, or `class_weight` does not fit the classes.
        """
        if class_weight is None:
            return self
        if y.ndim == 2 and not self.several:
            raise SettingsError(
                "class_weight says what a row of each class weighs, but here each row has a share of all classes. "
                "Pass sample_weight, with a weight for each row."
            )
        if self.several:
            raise SettingsError(
                "class_weight says what a row of each class weighs, but here rows have several labels. Pass "
                "sample_weight, with a weight for each row."
            )
        sums = sums_of_classes(self.classes, y, sample_weight)
        if known is not None and known.class_sums is not None:
            sums += known.class_sums
        return replace(self, class_weights=weights_of_classes(class_weight, self.classes, sums), class_sums=sums)

    @property
    def n_outputs(self) -> int:
        """Number of output units, K."""
        is_one = not (self.several or self.has_pair) and self.output == "sigmoid" and len(self.classes) <= 2
        return 1 if is_one else len(self.classes)

    def attributes(self) -> dict[str, Any]:
        """Return the attributes that labels set on a fitted estimator."""
        return {"classes_": self.classes, "several_labels_": self.several}

    def encode(self, y: ArrayLike) -> Array:
        """Return the targets Y of shape (m, K).

        Raises
        ------
        InputError
            If a label is not among the classes, or probabilities do not fit them.
        """
        labels = np.asarray(y)
        if self.several:
            return labels.astype(np.float64)
        if self.are_probabilities(labels):
            check_probabilities(labels)
            return labels[:, len(self.classes) - self.n_outputs :].astype(np.float64)
        index = self._places(_plain(labels))
        if len(self.classes) == 1:
            return np.ones((len(labels), 1))
        if self.n_outputs == 1:
            return index[:, np.newaxis].astype(np.float64)
        return np.eye(len(self.classes))[index]

    def are_probabilities(self, y: NDArray[Any]) -> bool:
        """Whether y is a matrix with a probability of each class, for a network that gives a row one class."""
        return not self.several and y.ndim == 2 and y.shape[1] == len(self.classes) > 1 and y.dtype.kind in "biuf"

    def hard(self, y: NDArray[Any]) -> NDArray[Any]:
        """Return labels as they are, and for probabilities the label of the most probable class."""
        return np.asarray(self.classes[y.argmax(axis=1)]) if self.are_probabilities(y) else y

    def _places(self, labels: NDArray[Any]) -> NDArray[np.int64]:
        """Return the index of the class of each label."""
        if labels.dtype.kind == "O":  # isin, because some objects cannot be compared
            is_known = np.isin(labels, self.classes)
        elif (labels.dtype.kind == "U") != (self.classes.dtype.kind == "U") and self.classes.dtype.kind != "O":
            is_known = np.zeros(labels.shape, dtype=bool)
        else:
            index = np.minimum(np.searchsorted(self.classes, labels), len(self.classes) - 1)
            is_known = self.classes[index] == labels
        if not is_known.all():
            label, known = labels[~is_known].tolist()[0], self.classes[:10].tolist()
            others = type(label).__name__, type(known[0]).__name__
            raise InputError(
                f"y holds the label {label!r}, which is none of the {len(self.classes)} classes that the network has: "
                f"{', '.join(map(repr, known))}. "
                + (
                    "Leave such rows out."
                    if (others[0] == "str") == (others[1] == "str")
                    else f"The types differ, {others[0]} and {others[1]}: write the labels as in training."
                )
            )
        return np.searchsorted(self.classes, labels) if labels.dtype.kind == "O" else index

    def decode(self, h: Array) -> NDArray[Any]:
        """Return the label of each row of hypotheses, or a 0/1 matrix for several labels."""
        answers = self._answers(h)
        return answers if self.several else self.classes[answers]

    def _answers(self, h: Array) -> NDArray[np.int64]:
        """Return the index of the class that each row of hypotheses predicts; for several labels 0 or 1 for each."""
        if self.several:
            return (h > 0.5).astype(np.int64)
        if len(self.classes) == 1:
            return np.zeros(len(h), dtype=np.int64)
        return (h[:, 0] > 0.5).astype(np.int64) if h.shape[1] == 1 else h.argmax(axis=1)

    def weights_in_cost(self, y: NDArray[Any], sample_weight: Array | None) -> Array | None:
        """Return the weights of rows times the weights of their classes."""
        if self.class_weights is None:
            return sample_weight
        of_rows: Array = self.class_weights[np.searchsorted(self.classes, y)]
        return of_rows if sample_weight is None else (sample_weight * of_rows).astype(sample_weight.dtype)

    def smoothed(self, Y: Array) -> Array:
        """Return the targets to learn from, with label smoothing."""
        share = self.smoothing / (Y.shape[1] if self.output == "softmax" else 2)
        return (1 - self.smoothing) * Y + share if self.smoothing else Y

    def strata(self, Y: Array) -> NDArray[Any] | None:
        """Return the class of each row, for a split that keeps the shares of classes.

        It is None for several labels, and for probabilities of which one row alone has its most probable class.
        """
        if self.several:
            return None
        if ((Y != 0) & (Y != 1)).any() and np.bincount(self._answers(Y))[self._answers(Y)].min() < 2:
            return None
        if Y.shape[1] == 1:
            return np.where(Y[:, 0] > 0.5, "True", "False")  # scikit-learn's names in its error about rare classes
        return np.asarray(Y.argmax(axis=1))

    def score(self, data: TrainingSet, h: Array) -> float:
        """Return the accuracy; for several labels, the share of rows with all labels right."""
        right = (self._answers(h) == self._answers(data.Y)).reshape(len(h), -1).all(axis=1)
        return float(np.average(right, weights=data.weights))


Targets = Labels | Quantities


def has_several_labels(y: ArrayLike) -> bool:
    """Whether y is a 0/1 matrix with several labels a row.

    Raises
    ------
    ValueError
        If y holds no labels at all.
    """
    kind = type_of_target(y, input_name="y")  # called once, because it takes 0.1 ms
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


def _check_known(known: Labels, classes: NDArray[Any], several: bool, y: NDArray[Any], may_lack_classes: bool) -> None:
    if several != known.several or (several and len(classes) != len(known.classes)):
        raise InputError(
            f"y has the shape {y.shape}, but the network was trained on "
            f"{f'{len(known.classes)} labels a row' if known.several else 'one label a row'}."
        )
    if not may_lack_classes and set(classes) != set(known.classes):
        raise InputError(
            "warm_start can only be used where `y` has the same classes as in the previous call to fit. Previously "
            f"got {known.classes}, `y` has {classes}"
        )
    if len(np.setdiff1d(classes, known.classes)):
        raise InputError(
            f"`y` has classes not in `self.classes_`. `self.classes_` has {known.classes}. 'y' has {classes}."
        )


def _output_units(output: str, n_classes: int, several: bool) -> str:
    if several and output == "softmax":
        raise SettingsError("output='softmax' gives one label to each row, but y has several. Take 'sigmoid'.")
    if n_classes == 1 and not several:
        return "sigmoid"  # one softmax output would be the constant 1
    if output != "auto":
        return output
    return "sigmoid" if several or n_classes == 2 else "softmax"


def _plain(labels: NDArray[Any]) -> NDArray[Any]:
    """Return labels as an array of texts if all are texts; other labels are unchanged."""
    if labels.dtype.kind != "O" or not all(isinstance(label, str) for label in labels.ravel().tolist()):
        return labels
    return text_array(labels.ravel().tolist()).reshape(labels.shape)
