"""What every estimator of this library shares: parameters kept as they are given, and engines that are not pickled."""

from typing import Any

from sklearn.base import BaseEstimator

from deltarule.estimators.predictor import GivenHypotheses, Predictor
from deltarule.network.network import Network

__all__ = ["WithEngines"]


class WithEngines(BaseEstimator):
    """Base class of estimators that predict by engines; do not use it directly."""

    engine: Any
    n_threads: int | None

    _predictor: Predictor | GivenHypotheses | None = None

    def _keep(self, parameters: dict[str, Any]) -> None:
        """Set the arguments of the constructor, given as its `locals()`, as attributes."""
        self.__dict__.update((name, value) for name, value in parameters.items() if name != "self")

    def _predictor_for(self, network: Network) -> Predictor:
        """Return a predictor for a network: that of the previous fit if it has the same network and engine."""
        asked = (network, self.engine, self.n_threads)
        had = self._predictor
        return had if isinstance(had, Predictor) and had.asked == asked else Predictor(*asked)

    def __getstate__(self) -> dict[str, Any]:
        # The state may be the `__dict__` of this estimator, which must keep its engines: so it is copied.
        state: dict[str, Any] = super().__getstate__()
        return {name: value for name, value in state.items() if name != "_predictor"}
