"""Reports of each epoch of a fit: printed lines, a progress bar, and scikit-learn's callbacks (`set_callbacks`).

scikit-learn has callbacks from version 1.9 on; with an earlier version, estimators lack `set_callbacks`.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar, cast

from deltarule.common.arrays import Array
from deltarule.common.errors import SettingsError
from deltarule.estimators.printing import Printer
from deltarule.training.history import Progress
from deltarule.training.loop import Result
from deltarule.training.progress_bar import progress_bar
from deltarule.training.record import Callback
from deltarule.training.settings import Settings

try:
    from sklearn import callback as _scikit_learns
except ImportError:
    _scikit_learns = None

Method = TypeVar("Method", bound=Callable[..., Any])

CallbackSupportMixin: Any = (
    type("NoCallbacks", (), {}) if _scikit_learns is None else _scikit_learns.CallbackSupportMixin
)


def with_callbacks(fit: Method) -> Method:
    """Decorate `fit` so that scikit-learn's callbacks are torn down after it, also after an error."""
    return fit if _scikit_learns is None else cast(Method, _scikit_learns.with_callbacks(fit))


__all__ = ["CallbackSupportMixin", "check_callables", "end_of", "telling", "with_callbacks"]


def check_callables(callbacks: Sequence[Any]) -> None:
    """Raise SettingsError if `callbacks` is not a list, or holds something that cannot be called."""
    if not isinstance(callbacks, Collection):
        raise SettingsError(f"callbacks takes a list of callables, not {callbacks!r}. Pass [f] for one callable f.")
    for callback in callbacks:
        if not callable(callback):
            kind = type(callback).__name__
            raise SettingsError(
                f"callbacks holds a {kind}, which cannot be called. Pass functions of the Progress; callbacks of "
                "scikit-learn's protocol are set by set_callbacks."
            )


class EpochTasks:
    """A callback of `train` that passes each epoch on to scikit-learn's callbacks.

    Parameters
    ----------
    estimator : estimator
    epochs : int
        Largest number of epochs.
    X, y, sample_weight
        As the user gave them.
    attributes : callable
        θ ↦ the attributes that make a copy of the estimator predict with θ.
    """

    def __init__(
        self,
        estimator: Any,
        epochs: int,
        X: Any,
        y: Any,
        sample_weight: Any,
        attributes: Callable[[Array], dict[str, Any]],
    ) -> None:
        self._estimator, self._epochs, self._attributes = estimator, epochs, attributes
        self._context = estimator._init_callback_context(max_subtasks=epochs)
        metadata = None if sample_weight is None else {"sample_weight": sample_weight}
        self._data = {"estimator": estimator, "X": X, "y": y, "metadata": metadata}
        self._context.call_on_fit_task_begin(**self._data)
        self._task = self._begin()

    def __call__(self, progress: Progress) -> bool:
        """End the task of one epoch and begin that of the next; return whether a callback wants to stop."""
        theta = progress.theta
        stop = self._task.call_on_fit_task_end(**self._data, reconstruction_attributes=lambda: self._attributes(theta))
        self._epochs -= 1
        self._task = self._begin() if self._epochs else None
        return bool(stop)

    def end(self, result: Result) -> None:
        """End the task of the fit, and the task of an epoch that began but was not trained."""
        if self._task is not None:
            self._task.call_on_fit_task_end(estimator=self._estimator)
        self._context.call_on_fit_task_end(
            **self._data, reconstruction_attributes=lambda: self._attributes(result.theta)
        )

    def _begin(self) -> Any:
        return self._context.subcontext(task_name="epoch").call_on_fit_task_begin(**self._data)


@contextmanager
def telling(
    estimator: Any,
    settings: Settings,
    epochs: int,
    given: tuple[Any, Any, Any],
    attributes: Callable[[Array], dict[str, Any]],
) -> Iterator[list[Callback]]:
    """Yield the callbacks that report each epoch: lines or a bar, as `verbose` says, and scikit-learn's."""
    has_tasks = hasattr(estimator, "_skl_callbacks") or hasattr(estimator, "_parent_callback_ctx")
    tasks = [EpochTasks(estimator, epochs, *given, attributes)] if has_tasks else []
    if estimator.verbose == "bar":
        with progress_bar(epochs, score="score" if settings.early_stopping else "") as bar:
            yield [bar, *tasks]
    else:
        yield [Printer(settings), *tasks] if estimator.verbose else [*tasks]


def end_of(tellers: Sequence[Callback], result: Result) -> None:
    """Tell the callbacks that reported each epoch that the run has ended."""
    for teller in tellers:
        if isinstance(teller, Printer | EpochTasks):
            teller.end(result)
