"""Errors of runs whose cost becomes non-finite; they say where it happened, and what to try."""

from deltarule.common.errors import DivergedError
from deltarule.engines import StepsTaken, TrainingState
from deltarule.training.settings import Settings

__all__ = ["diverged", "diverged_at_last", "diverged_in_batch"]


def diverged_in_batch(
    settings: Settings, m: float, before: TrainingState, taken: StepsTaken, epochs: int
) -> DivergedError:
    """Return the error of a mini-batch run whose call from `before` ended with a cost that is not finite."""
    earlier = [*before.costs, *taken.costs][:-1]  # of this epoch
    where = f"in epoch {epochs + 1}, batch {len(earlier) + 1}"
    return diverged(settings, m, where, f"{earlier[-1]:g} the batch before" if earlier else None)


def diverged_at_last(settings: Settings, m: float, epochs: int) -> DivergedError:
    """Return the error of a run whose parameters became non-finite in its last step, after so many epochs."""
    return diverged(settings, m, f"after epoch {epochs}, in the last step of the run", None)


def diverged(settings: Settings, m: float, where: str, was: str | None) -> DivergedError:
    """Return the error of a run whose cost became non-finite somewhere, with the cost before it."""
    came = f" (it was {was})" if was else ""
    scale = "scale the inputs to about unit variance"
    if settings.solver in ("lbfgs", "cg") or (settings.solver == "gd" and settings.learning_rate == "adaptive"):
        return DivergedError(f"The cost became non-finite {where}{came}. {scale.capitalize()}, or take a larger alpha.")
    eta = settings.learning_rate_init
    message = f"The cost became non-finite {where}{came} with learning_rate_init={eta:g}"
    # If ηλ/m > 2, θ := (1 − ηλ/m) θ grows without end; if λ is small, η is the cause.
    if settings.solver != "adam" and eta * settings.alpha > 2 * m and settings.alpha > m:
        return DivergedError(
            f"{message} and alpha={settings.alpha:g}: steps along such a penalty grow without end. Take an alpha or a "
            f"learning_rate_init whose product is below {m:g}, the number of examples."
        )
    return DivergedError(f"{message}. Try {eta / 10:g}, or {scale}.")
