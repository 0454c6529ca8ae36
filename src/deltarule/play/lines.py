"""The algorithm line by line, for one example of the step that comes next: forward, cost, backward, Δ, D, update.

Lines stand in sections, each of which can make any of its lines, so that of a hundred thousand only those are made that
are asked for. At the level "unit" a line is one number; "term" shows the sums in between; "layer" and "network" show
vectors.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any

import numpy as np

from deltarule.common.errors import InputError
from deltarule.play.answers import Lines, Searched, TraceLine
from deltarule.play.batch_lines import batch_sections
from deltarule.play.example_lines import example_sections
from deltarule.play.following import Followed, follow
from deltarule.play.requests import Trace
from deltarule.play.searches import WOLFE
from deltarule.play.sections import PHASES, Section
from deltarule.play.snapshot import Snapshot
from deltarule.play.vector_lines import vector_sections

__all__ = ["lines_of", "search_of", "sections_of"]

MOST_LINES, MOST_DIGITS = 400, 17

SHOWN_EXAMPLES = 200


@dataclass(frozen=True)
class _Written:
    """All sections of a level, and the number of the first line of each."""

    sections: Sequence[Section]
    starts: tuple[int, ...]

    @property
    def total(self) -> int:
        return self.starts[-1]

    def at(self, number: int) -> TraceLine:
        """Return line `number`, from 0."""
        n = next(n for n in reversed(range(len(self.sections))) if self.starts[n] <= number)
        return replace(self.sections[n].make(number - self.starts[n]), number=number)


def sections_of(followed: Followed, level: str, digits: int) -> list[Section]:
    """Return the sections of a level; networks with a first floor have lines of whole layers alone."""
    if followed.parts is not None and level != "network":
        level = "layer"
    if level in ("layer", "network"):
        return vector_sections(followed, level, digits)
    found = [*example_sections(followed, level, digits), *batch_sections(followed, level, digits)]
    return sorted(found, key=lambda section: PHASES.index(section.phase))


def lines_of(snapshot: Snapshot, request: Trace) -> Lines:
    """Return lines of the algorithm.

    Raises
    ------
    InputError
        If the example, the phase, or a number is out of range.
    """
    if not (0 <= request.start and 0 <= request.count <= MOST_LINES):
        raise InputError(f"trace takes a start from 0 on and a count of 0 to {MOST_LINES}.")
    if not 1 <= request.digits <= MOST_DIGITS:
        raise InputError(f"trace.digits is {request.digits}, but must be 1 to {MOST_DIGITS}.")
    if request.phase and request.phase not in PHASES:
        raise InputError(f"There is no phase {request.phase[:20]!r}: they are {', '.join(PHASES)}.")
    followed = follow(snapshot, request.example, request.what_if)
    sections = sections_of(followed, request.level, request.digits)
    if request.phase:
        sections = [section for section in sections if section.phase == request.phase]
    written = _written(sections)
    phases: dict[str, int] = {}
    for section, start in zip(sections, written.starts, strict=False):
        phases.setdefault(section.phase, start)
    end = min(written.total, request.start + request.count)
    dataset = snapshot.opening.dataset
    examples = dataset.training[followed.step.rows[:SHOWN_EXAMPLES]] + 1
    return Lines(
        revision=snapshot.revision,
        generation=snapshot.generation,
        step=snapshot.step,
        example=request.example,
        examples=tuple(examples.tolist()),
        label=_label(snapshot, request.example),
        total=written.total,
        phases=tuple(phases.items()),
        lines=tuple(written.at(n) for n in range(request.start, end)),
        note=_note(snapshot, followed, bool(request.what_if)),
    )


def search_of(snapshot: Snapshot) -> Searched:
    """Return the picture of the line search of the next step."""
    about: dict[str, Any] = {
        "revision": snapshot.revision,
        "generation": snapshot.generation,
        "step": snapshot.step,
    }
    searches, since = snapshot.place.searches, snapshot.place.since
    search = None if searches is None else searches.of(since)
    if searches is None or search is None:
        why = "This solver takes the step that its settings say." if searches is None else "The solver ends here."
        return Searched(**about, note=why)
    alpha, J = searches.slice_of(since)
    tried = tuple((trial.alpha, trial.J, trial.slope) for trial in search.trials)
    return Searched(
        **about,
        solver=search.solver,
        tried=tried,
        taken=search.trials.index(search.taken),
        slope=search.slope,
        most=(search.J, WOLFE[search.solver][0] * search.slope),
        alpha=alpha,
        J=J,
    )


def _written(sections: Sequence[Section]) -> _Written:
    return _Written(sections, tuple(accumulate((section.count for section in sections), initial=0)))


def _label(snapshot: Snapshot, example: int) -> str:
    place, size = snapshot.place, snapshot.steps_per_epoch
    where = f"step {snapshot.step + 1}"
    if place.run is not None:
        where += f" (epoch {place.epoch + 1}, batch {place.batch + 1} of {size})"
    return f"{where}, example {example}, {snapshot.opening.dataset.label(example - 1)}"


def _note(snapshot: Snapshot, followed: Followed, is_what_if: bool) -> str:
    said = []
    if followed.parts is not None:
        said.append("This network has parts without weighted inputs, so its lines are of whole layers.")
    if snapshot.opening.dataset.is_held_out[followed.place]:
        said.append("This example is held out: nothing is learnt from it, and Δ, D and the update are without it.")
    elif not followed.in_batch:
        said.append("This example is not in the batch of this step: Δ, D and the update are without it.")
    if any(factor is not None and (factor != 1).any() for factor in followed.factors):
        said.append("Dropout: this step is of a thinned network, and what is left out has the factor f = 0.")
    if snapshot.place.searches is not None:
        said += _about_search(snapshot, followed, is_what_if)
    return " ".join(said)


def _about_search(snapshot: Snapshot, followed: Followed, is_what_if: bool) -> list[str]:
    """Return what is to be said of a solver that searches for its step."""
    search = followed.search
    if is_what_if:
        return ["The solver found direction and step in its own run, so there is no update for what would have been."]
    if search is None:
        return ["The solver ends here, so there is no update after D."]
    said = []
    if search.solver == "lbfgs" and not search.pairs:
        why = "It has no pairs yet" if snapshot.place.since == 0 else "It has forgotten its pairs"
        said.append(f"{why}, so L-BFGS goes straight down the gradient.")
    if search.elsewhere:
        said.append(f"Before, {search.elsewhere} points along another direction had no lower J.")
    if beyond := sum(not np.isfinite(trial.J) for trial in search.trials):
        said.append(f"At {beyond} of the steps that were tried the cost was not finite.")
    return said
