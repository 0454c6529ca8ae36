"""What estimators of tables watch and measure, in words."""

from typing import Any

__all__ = ["cost_of_row", "watched_by"]

_WATCHED = {"log_loss": "cross-entropy", "accuracy": "error", "auc": "1 − AUC"}
_WATCHED |= {
    "squared_error": "error in deviations",
    "poisson": "half the Poisson deviance",
    "huber": "Huber's cost",
    "pinball": "pinball loss",
}


def watched_by(estimator: Any) -> str:
    """Return what a member is kept by: the value after its best epoch is the smallest.

    Examples
    --------
    >>> from deltarule import TableClassifier
    >>> watched_by(TableClassifier(objective="auc"))
    '1 − AUC'
    """
    return _WATCHED[getattr(estimator, "objective", None) or estimator.loss]


def cost_of_row(estimator: Any) -> str:
    """Return what rises when a column is shuffled."""
    if hasattr(estimator, "objective"):
        return "the cross-entropy"
    is_squared = estimator.loss == "squared_error"
    return "the squared error, as a share of the variance," if is_squared else _WATCHED[estimator.loss]
