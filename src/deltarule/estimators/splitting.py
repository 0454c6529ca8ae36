"""The random choice of the rows that early stopping holds out and watches."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from deltarule.common.errors import InputError, SettingsError

__all__ = ["split_off_validation"]


def split_off_validation(
    m: int, fraction: float, seed: int, strata: NDArray[Any] | None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Draw the indices of the rows to learn from and of the rows to watch.

    Two classes keep their shares in both parts, as in scikit-learn. More classes do if each has two rows and both parts
    have room for all classes.

    Raises
    ------
    SettingsError
        If the fraction is 0, which the setting allows for fits that hold no rows out.
    ValueError
        If fewer than two rows would be watched, or one of two classes has a single row.
    """
    if fraction == 0:
        raise SettingsError(
            "validation_fraction=0 leaves early stopping no example to watch. Take a float in the range (0, 1), pass "
            "eval_set to fit, or leave early_stopping out."
        )
    if strata is not None and not _has_room(strata, m, fraction):
        strata = None
    training, validation = train_test_split(np.arange(m), test_size=fraction, random_state=seed, stratify=strata)
    if len(validation) < 2:
        raise InputError(
            "The validation set is too small. Increase 'validation_fraction' or the size of your dataset. "
            f"(validation_fraction={fraction:g} of {m} rows is {len(validation)}; it takes 2.)"
        )
    return training, validation


def _has_room(strata: NDArray[Any], m: int, fraction: float) -> bool:
    classes, counts = np.unique(strata, return_counts=True)
    validation = int(np.ceil(fraction * m))
    return len(classes) <= 2 or bool(counts.min() >= 2 and len(classes) <= min(validation, m - validation))
