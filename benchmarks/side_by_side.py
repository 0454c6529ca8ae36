"""Many networks side by side: members of one engine, and searches of scikit-learn with a process for each core."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.neural_network import MLPClassifier as SklearnMLP

from contenders import CORES, Deltarule
from deltarule import MLPClassifier
from deltarule.engines import Plan
from deltarule.engines.protocol import Member
from timing import least_in_turn, seconds
from workloads import TRAINING

__all__ = ["MEMBERS", "MEMBER_TARGETS", "SearchTimes", "members_against_one", "searches"]

MEMBERS = 8
MEMBER_TARGETS = {"T": 7.8, "XS": 4.2}
"""How many times as long as one network eight may take: one of T already uses both cores, one of XS a single one."""

ALPHAS = [0.0001, 0.01, 1.0]
FOLDS = 5


def members_against_one(name: str, rounds: int) -> float:
    """Return the time of steps of eight networks side by side over that of the same steps of one, on all cores."""
    workload = next(each for each in TRAINING if each.name == name)
    X, y = workload.data(min(workload.rows, 5_000))
    one = Deltarule(workload, X, y, shuffle=True)
    steps = max(1, int(0.1 / seconds(partial(one.steps, 20)) * 20))
    plan = Plan.of(one.engine.network, one.rule, one.batches, np.full(steps, 1e-3), 0.0)
    members = [Member(one.state, one.data, plan)] * MEMBERS
    works: dict[str, Callable[[], float]] = {
        "one": lambda: seconds(lambda: one.engine.steps(*members[0])),
        "all": lambda: seconds(lambda: one.engine.steps_of_members(members)),
    }
    alone, together = one.engine.steps(*members[0]), one.engine.steps_of_members(members)
    assert all((each.state.theta == alone.state.theta).all() for each in together), "a member has other bits"
    least = least_in_turn(works, rounds)
    return least["all"] / least["one"]


@dataclass(frozen=True)
class SearchTimes:
    """Seconds of both libraries' estimators in one function of scikit-learn, with as many processes as cores."""

    ours: float
    theirs: float


def searches(rounds: int) -> dict[str, SearchTimes]:
    """Time `cross_val_score` and `GridSearchCV` on the digits; the processes already run when the clock starts."""
    X, y = load_digits(return_X_y=True)
    X = X / 16
    estimators: dict[str, Any] = {
        "ours": MLPClassifier(random_state=0, n_threads=1),
        "theirs": SklearnMLP(random_state=0),
    }
    scores: dict[tuple[str, str], float] = {}

    def validated(name: str) -> None:
        found = cross_val_score(estimators[name], X, y, cv=FOLDS, n_jobs=CORES)
        scores["cross_val_score", name] = float(found.mean())

    def searched(name: str) -> None:
        search = GridSearchCV(estimators[name], {"alpha": ALPHAS}, cv=FOLDS, n_jobs=CORES, refit=False).fit(X, y)
        scores["GridSearchCV", name] = float(search.best_score_)

    times = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        validated("ours")  # starts the processes
        for way, work in (("cross_val_score", validated), ("GridSearchCV", searched)):
            works = {name: partial(seconds, partial(work, name)) for name in estimators}
            least = least_in_turn(works, rounds)
            times[way] = SearchTimes(least["ours"], least["theirs"])
            assert abs(scores[way, "ours"] - scores[way, "theirs"]) < 0.02, scores
    return times
