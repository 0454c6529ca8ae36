"""Types of the compiled core; `engines/native.py` is what to use."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from deltarule.common.arrays import Array

class Plan:
    """What mini-batch steps have in common."""

    def __init__(
        self,
        *,
        rule: str,
        numbers: Sequence[float],
        batch_size: int,
        shuffle: bool,
        lambda_: float,
        max_norm: float,
        factors: Sequence[tuple[float, float]] | None = None,
    ) -> None: ...

class Position:
    """Where a run stands between two steps; a run moves it on."""

    def __init__(self, *, key: int, epoch: int, row: int, step: int) -> None: ...
    @property
    def key(self) -> int: ...
    @property
    def epoch(self) -> int: ...
    @property
    def row(self) -> int: ...
    @property
    def step(self) -> int: ...

class Engine32:
    """The compiled engine of one network in float32."""

    def cost(
        self,
        theta: Array,
        X: Array,
        Y: Array,
        weights: Array | None,
        lambda_: float,
        weight: float,
    ) -> float: ...
    def sums(self, theta: Array, X: Array, Y: Array, weights: Array | None, out: Array) -> None: ...
    def run(
        self,
        theta: Array,
        vectors: Sequence[Array],
        X: Array,
        Y: Array,
        weights: Array | None,
        plan: Plan,
        position: Position,
        rates: Array,
        costs: Array,
        rows: int,
        weight: float,
        offset: int,
    ) -> tuple[int, bool]: ...
    def run_members(self, members: Sequence[tuple[object, ...]]) -> list[tuple[int, bool]]: ...
    def hypothesis_into(self, theta: Array, X: Array, out: Array, checks: bool = False) -> bool: ...
    def release(self) -> None: ...

class Engine64(Engine32):
    """The same in float64."""

def Engine(
    sizes: Sequence[int],
    hidden: Sequence[str],
    hidden_numbers: Sequence[Sequence[float]],
    output: str,
    dtype: str,
    n_threads: int,
    learnt: Sequence[bool] = ...,
    floor: Sequence[tuple[str, int, int, int, Sequence[Sequence[float]]]] = ...,
    scaled: bool = ...,
    output_numbers: Sequence[float] = ...,
) -> Engine32 | Engine64: ...
def epoch_order(key: int, epoch: int, out: NDArray[np.uint32]) -> None: ...
def isa() -> str: ...
def available_isas() -> list[str]: ...
def hidden_units() -> dict[str, int]: ...
def output_units() -> list[str]: ...
def floor_parts() -> list[str]: ...
def rules() -> dict[str, int]: ...
