"""What estimators of tables watch and measure, in words."""

from typing import Any

__all__ = ["cost_of_row", "watched_by"]

_WATCHED = {"log_loss": "cross-entropy", "accuracy": "error", "auc": "1 − AUC"}


def watched_by(estimator: Any) -> str:
    """Return what a member is kept by: the value after its best epoch is the smallest.

    Examples
    --------
    >>> from deltarule import TableClassifier
    >>> watched_by(TableClassifier(objective="auc"))
    '1 − AUC'
    """
    return _WATCHED.get(getattr(estimator, "objective", ""), "error in deviations")


def cost_of_row(estimator: Any) -> str:
    """Return what rises when a column is shuffled."""
    return "the cross-entropy" if hasattr(estimator, "objective") else "the squared error, as a share of the variance,"
