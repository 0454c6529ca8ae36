"""How often rows go through a network."""

from typing import Any

import pytest

from deltarule.estimators.predictor import Predictor


def count_passes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that gets the number of rows of each pass from now on."""
    rows: list[int] = []
    for way in ("hypothesis", "z"):
        original = getattr(Predictor, way)

        def counted(self: Predictor, theta: Any, X: Any, original: Any = original) -> Any:
            rows.append(X.shape[0])
            return original(self, theta, X)

        monkeypatch.setattr(Predictor, way, counted)
    of_unchecked = Predictor.of_unchecked

    def counted_where_it_answers(self: Predictor, theta: Any, X: Any, of_z: bool = False) -> Any:
        found = of_unchecked(self, theta, X, of_z)
        rows.extend([] if found is None else [len(X)])
        return found

    monkeypatch.setattr(Predictor, "of_unchecked", counted_where_it_answers)
    return rows
