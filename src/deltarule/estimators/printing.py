"""What a fit prints while it runs (`verbose`), and its warnings when it ends early, in scikit-learn's words."""

import sys
import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from deltarule.common.errors import SettingsError
from deltarule.common.messages import Message
from deltarule.training.history import History, Progress
from deltarule.training.loop import Result
from deltarule.training.settings import MINI_BATCH_SOLVERS, Settings

__all__ = ["Printer", "check_verbose", "stacklevel_of_call", "warn_of", "warn_of_clipped_batches", "warn_of_one_class"]


class Printer:
    """A callback that prints each epoch."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._is_adaptive = settings.solver == "sgd" and settings.learning_rate == "adaptive"
        self._step_size = np.nan

    def __call__(self, progress: Progress) -> None:
        """Print an epoch, after a line that says so if `adaptive` has shortened the steps."""
        if self._is_adaptive and progress.step_size < self._step_size:
            _say(f"{self._reason()} Setting learning rate to {progress.step_size:f}")
        self._step_size = progress.step_size
        _say(f"Iteration {progress.epoch}, loss = {progress.cost:.8f}")
        if not np.isnan(progress.validation_score):
            _say(f"Validation score: {progress.validation_score:f}")

    def end(self, result: Result) -> None:
        """Print the reason if the stopping rule ended the run."""
        if result.history.stopped == "converged" and self._settings.solver in MINI_BATCH_SOLVERS:
            _say(f"{self._reason()} {'Learning rate too small. ' if self._is_adaptive else ''}Stopping.")

    def _reason(self) -> str:
        what = "Validation score" if self._settings.early_stopping else "Training loss"
        return (
            f"{what} did not improve more than tol={self._settings.tol:f} "
            f"for {self._settings.n_iter_no_change} consecutive epochs."
        )


def check_verbose(verbose: object) -> None:
    """Raise SettingsError if `verbose` is an unknown string."""
    if isinstance(verbose, str) and verbose != "bar":
        raise SettingsError(f"verbose={verbose!r} is unknown. Take True for lines, 'bar' for a progress bar, or False.")


def warn_of(history: History, settings: Settings, at_the_end: bool) -> None:
    """Warn of what went wrong in a run and, if `at_the_end`, of an end before the stopping rule was met."""
    stacklevel = stacklevel_of_call()
    for notice in history.notices:
        warnings.warn(notice, ConvergenceWarning, stacklevel=stacklevel)
    if history.stopped == "interrupted":
        warnings.warn("Training interrupted by user.", UserWarning, stacklevel=stacklevel)
    elif history.stopped == "diverged":
        warnings.warn(f"{history.reason} The best parameters before it are kept.", ConvergenceWarning, stacklevel)
    elif history.stopped == "max_iter" and at_the_end:
        solver = "Stochastic Optimizer" if settings.solver in MINI_BATCH_SOLVERS else settings.solver
        limit = f"Maximum iterations ({settings.max_iter})"
        if settings.solver == "lbfgs" and history.epochs < settings.max_iter:
            limit = f"Maximum evaluations of the cost ({settings.max_fun})"
        warnings.warn(
            f"{solver}: {limit} reached and the optimization hasn't converged yet.",
            ConvergenceWarning,
            stacklevel=stacklevel,
        )


def warn_of_clipped_batches(settings: Settings, m: int) -> None:
    """Warn if a mini-batch is to have more rows than the m of the training set."""
    size = settings.batch_size
    if settings.solver in MINI_BATCH_SOLVERS and not isinstance(size, str) and size > m:
        warnings.warn(
            Message(
                "Got `batch_size` less than 1 or larger than sample size. It is going to be clipped "
                f"(batch_size={size}, {m} rows)."
            ),
            stacklevel=stacklevel_of_call(),
        )


def warn_of_one_class(label: object) -> None:
    """Warn that y holds one class only. A UserWarning would be an error here in scikit-learn's own tests."""
    warnings.warn(
        f"y holds one class only, {label!r}: there is nothing to tell apart, and every prediction will be that class. "
        "Give examples of two classes or more.",
        RuntimeWarning,
        stacklevel=stacklevel_of_call(),
    )


def stacklevel_of_call() -> int:
    """Return the stacklevel with which a warning of the caller points at the user's call of `fit`.

    The frames are counted each time, because scikit-learn's callbacks add a frame around `fit`, but none around
    `partial_fit`.
    """
    frame, level = sys._getframe(1), 1
    while frame.f_back is not None and f"{frame.f_globals.get('__name__')}.".startswith(
        ("deltarule.", "sklearn.callback.")
    ):
        frame, level = frame.f_back, level + 1
    return level


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
