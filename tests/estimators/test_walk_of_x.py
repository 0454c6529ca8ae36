"""The way of X from `fit` to the engine: down the floors, into each room once, but for the loop over epochs."""

import sys
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pytest

import deltarule
from deltarule import MLPClassifier
from deltarule.network.data import TrainingSet

PACKAGE = Path(deltarule.__file__).parent
FLOORS = ["estimators", "training", "blocks", "engines", "network", "files", "common"]
X = np.random.default_rng(0).normal(size=(317, 5))
Y = (X[:, 0] > 0).astype(int)


def holds(value: Any, depth: int = 0) -> bool:
    """Whether a value is X in any dtype, or a value of this library that holds it."""
    if isinstance(value, np.ndarray):
        return bool(value.shape == X.shape)
    if depth == 2:
        return False
    if isinstance(value, tuple | list):
        return any(holds(one, depth + 1) for one in value)
    inside = vars(value) if type(value).__module__.startswith("deltarule") and hasattr(value, "__dict__") else {}
    return any(holds(one, depth + 1) for one in inside.values())


def walk(fit: Any) -> list[tuple[str, str, str]]:
    """Return (file of the caller, file, function) for each call that is given X by another file of the package."""
    entered: list[tuple[str, str, str]] = []
    frames: list[FrameType] = []  # kept, because a generator that goes on enters the same frame again

    def room(frame: FrameType | None) -> str:
        path = Path("" if frame is None else frame.f_code.co_filename)
        return path.relative_to(PACKAGE).as_posix() if path.is_relative_to(PACKAGE) else ""

    def called(frame: FrameType, event: str, _: Any) -> None:
        code, here, before = frame.f_code, room(frame), room(frame.f_back)
        if event != "call" or not here or not before or here == before or any(frame is one for one in frames):
            return
        names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        if names == ("self",):  # a value that holds X is asked how many rows it has
            return
        if any(holds(frame.f_locals.get(name)) for name in names):
            frames.append(frame)
            entered.append((before, here, code.co_name))

    before = sys.getprofile()
    sys.setprofile(called)
    try:
        fit()
    finally:
        sys.setprofile(before)
    return entered


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_x_goes_down_from_fit_to_the_engine_and_enters_each_room_once_but_for_the_loop() -> None:
    MLPClassifier(max_iter=1).fit(X, Y)  # imports what is imported when it is first asked for
    steps = walk(lambda: MLPClassifier(max_iter=3, random_state=0).fit(X, Y))
    places = [(FLOORS.index(a.split("/")[0]), FLOORS.index(b.split("/")[0])) for a, b, _ in steps]
    assert all(above <= below for above, below in places), steps
    # Rooms that only look at what kind of thing X is may be asked again.
    kinds = ("is_source", "is_dask", "is_sparse", "is_stored")
    rooms = Counter(there for _, there, name in steps if name not in kinds and not there.startswith("engines/"))
    assert set(rooms.values()) == {1}, rooms
    assert [name for _, _, name in steps if name == "steps"]  # it came to the engine


def test_x_is_looked_over_and_becomes_a_training_set_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from deltarule.estimators import checking

    calls: Counter[str] = Counter()
    look, make = checking._looked_over, TrainingSet.of_checked

    def looked_over(*arguments: Any) -> Any:
        calls["looked over"] += 1
        return look(*arguments)

    def of_checked(*arguments: Any, **named: Any) -> Any:
        calls["made"] += 1
        return make(*arguments, **named)

    monkeypatch.setattr(checking, "_looked_over", looked_over)
    monkeypatch.setattr(TrainingSet, "of_checked", of_checked)
    MLPClassifier(max_iter=300, tol=0.1, random_state=0).fit(X, Y)
    assert calls == {"looked over": 1, "made": 1}
