"""What the targets of rows that are not in memory are: labels by their codes, several 0/1 labels, or quantities."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_classifier

from deltarule.blocks.layout import Facts, LayoutFile
from deltarule.common.arrays import Array, text_array
from deltarule.common.errors import InputError
from deltarule.estimators.class_weights import weights_of_classes
from deltarule.estimators.quantities import Quantities
from deltarule.estimators.targets import Labels, Targets

__all__ = ["TargetFacts", "labels_of", "targets_of", "targets_of_facts"]


@dataclass(frozen=True)
class TargetFacts:
    """What is known of all targets after one pass over them.

    Attributes
    ----------
    labels : sequence or None
        The different labels; None for several 0/1 labels a row, and for quantities.
    n_targets : int
        Number of columns.
    are_binary : bool
        Whether every number is 0 or 1.
    least : float
        The smallest number.
    """

    labels: Sequence[Any] | None
    n_targets: int
    are_binary: bool
    least: float


def targets_of_facts(
    estimator: Any, facts: TargetFacts, sums_of_classes: Callable[[NDArray[Any]], Array], known: Targets | None
) -> Targets:
    """Return what targets are to an estimator that does not hold them in memory.

    Parameters
    ----------
    estimator : MLPClassifier or MLPRegressor
    facts : TargetFacts
    sums_of_classes : callable
        Classes ↦ Σ w of the rows of each, in that order; called for class weights only.
    known : Targets or None
        Those of an earlier fit that goes on.

    Raises
    ------
    InputError
        If they do not fit the estimator.
    """
    if not is_classifier(estimator):
        quantities = Quantities.of(estimator.loss, type(estimator).__name__)
        if quantities.output == "exp" and facts.least < 0:
            raise InputError(
                f"y holds {facts.least:g}, but targets of exp outputs are 0 or more. Take loss='squared_error', or "
                "leave such rows out."
            )
        return quantities
    known = known if isinstance(known, Labels) else None
    # Each label several times, because what is asked of y is its labels, and not how often each comes.
    y = _all_sets(facts) if facts.labels is None else np.repeat(labels_of(facts.labels), 3)
    labels = Labels.of(y, estimator.output, estimator.label_smoothing, known)
    if estimator.class_weight is None:
        return labels
    if labels.several:
        return labels.weighed(estimator.class_weight, y, None)  # which refuses it
    sums = sums_of_classes(labels.classes)
    weights = weights_of_classes(estimator.class_weight, labels.classes, sums)
    return replace(labels, class_weights=weights, class_sums=sums)


def targets_of(estimator: Any, file: LayoutFile, known: Targets | None) -> Targets:
    """Return what the targets of converted rows are to an estimator; see `targets_of_facts`."""
    facts = file.facts
    of_targets = TargetFacts(
        facts.values if facts.is_coded else None, facts.n_targets, facts.are_binary, float(facts.least)
    )
    return targets_of_facts(
        estimator, of_targets, lambda classes: _sums_of_codes(file)[_code_of(facts, classes)], known
    )


def labels_of(labels: Sequence[Any]) -> NDArray[Any]:
    """Return labels in the order that they have, as NumPy would hold a column of them."""
    if len({isinstance(label, str) for label in labels}) > 1:
        raise InputError(f"The labels {list(labels)[:10]} are texts and numbers mixed. Write all of them in one way.")
    return text_array(labels) if labels and isinstance(labels[0], str) else np.array(list(labels))


def _all_sets(facts: TargetFacts) -> NDArray[Any]:
    """Return examples of several 0/1 labels a row.

    Raises
    ------
    InputError
        If targets are other numbers.
    """
    if not facts.are_binary:
        raise InputError(
            f"y has {facts.n_targets} columns and holds more than 0 and 1: several columns of classes are not "
            "supported. Give one column of labels, or columns of 0 and 1."
        )
    k = facts.n_targets
    return np.vstack([np.zeros(k), np.ones(k), np.eye(k)]).astype(np.int64)


def _code_of(facts: Facts, classes: NDArray[Any]) -> NDArray[np.int64]:
    """Return the code of each class; a class without a code has that behind the last."""
    codes = {value: code for code, value in enumerate(labels_of(facts.values).tolist())}
    return np.array([codes.get(label, len(codes)) for label in classes.tolist()], np.int64)


def _sums_of_codes(file: LayoutFile) -> Array:
    """Return Σ w of each code, added row after row, and 0 for a class without a code."""
    count = len(file.facts.values)
    sums: Array = np.zeros(count + 1)
    for _, targets, weights in file.targets():
        w = np.ones(len(targets)) if weights is None else weights.astype(file.facts.given)
        codes = np.concatenate([np.arange(count + 1), targets[:, 0]])
        sums = np.bincount(codes, np.concatenate([sums, w]), count + 1)
    return sums
