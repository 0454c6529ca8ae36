"""Types of the compiled core; `engines/native.py` is what to use."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from deltarule.common.arrays import Array

class Engine32:
    """The compiled engine of one network in float32."""

    def cost(
        self, theta: Array, X: Array, Y: Array, weights: Array | None, lambda_: float, D: Array | None = None
    ) -> float: ...
    def run(
        self,
        theta: Array,
        vectors: Sequence[Array],
        X: Array,
        Y: Array,
        weights: Array | None,
        lambda_: float,
        rule: str,
        rule_parameters: Sequence[float],
        batch_size: int,
        shuffle: bool,
        key: int,
        epoch: int,
        position: int,
        t: int,
        step_sizes: Array,
        costs: Array,
        dropout: Sequence[float],
        weight_decay: float,
        max_norm: float,
    ) -> tuple[int, bool, int, int]: ...
    def hypothesis_into(self, theta: Array, X: Array, out: Array) -> None: ...
    def release(self) -> None: ...

class Engine64(Engine32):
    """The same in float64."""

def Engine(
    sizes: Sequence[int], hidden: Sequence[str], output: str, dtype: str, n_threads: int
) -> Engine32 | Engine64: ...
def epoch_order(key: int, epoch: int, out: NDArray[np.uint32]) -> None: ...
def isa() -> str: ...
def available_isas() -> list[str]: ...
