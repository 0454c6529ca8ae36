"""A million epochs of XS and minutes of S: the memory and the speed stay what they were."""

import sys
from time import perf_counter

import numpy as np

from deltarule import Network
from deltarule.engines import NativeEngine
from deltarule.network.data import TrainingSet
from deltarule.training.loop import first_state, train
from deltarule.training.record import RunState
from deltarule.training.settings import Settings
from report import Report, memory_in_use

EPOCHS = int(sys.argv[1]) if len(sys.argv) > 1 else 10**6
SECONDS = float(sys.argv[2]) if len(sys.argv) > 2 else 180


def problem(sizes: tuple[int, ...], rows: int) -> tuple[Network, TrainingSet]:
    """Return a network and examples for it."""
    network = Network(sizes, "relu", "softmax")
    generator = np.random.default_rng(0)
    X = generator.standard_normal((rows, sizes[0])).astype(np.float32)
    Y = np.eye(sizes[-1], dtype=np.float32)[generator.integers(0, sizes[-1], rows)]
    return network, TrainingSet.of(network, X, Y, dtype=np.dtype(np.float32))


def main() -> None:
    """Train, and compare the last tenth with the first after it has warmed up."""
    report = Report("Long runs")
    told = []
    for name, sizes, rows, batch in (("XS", (4, 10, 3), 48, 16), ("S", (64, 32, 10), 2000, 32)):
        network, data = problem(sizes, rows)
        settings = Settings(max_iter=10**9, batch_size=batch, tol=0.0, n_iter_no_change=10**9, learning_rate_init=1e-4)
        engine = NativeEngine(network)
        run_state = RunState(first_state(settings, network.first_theta(np.random.default_rng(1)).astype(np.float32), 1))
        rates: list[float] = []
        memory: list[int] = []
        began = perf_counter()
        chunk = EPOCHS // 20 if name == "XS" else max(200, int(SECONDS))  # few enough that this list stays small
        while len(rates) < 20 if name == "XS" else perf_counter() - began < SECONDS:
            started = perf_counter()
            run_state = train(engine, data, settings, run_state, epochs=chunk).run_state or run_state
            rates.append(chunk * -(-rows // batch) / (perf_counter() - started))
            memory.append(memory_in_use())
        tenth = max(5, len(rates) // 10)
        early, late = max(rates[1 : 1 + tenth]), max(rates[-tenth:])
        report.tries += len(rates)
        grown = (memory[-1] - memory[len(memory) // 4]) / 1e6
        epochs = run_state.loop_state.epochs
        told.append(f"{name}: {epochs} epochs, {early:.0f} then {late:.0f} steps/s, {grown:+.1f} MB")
        if late < early / 2:  # other work on the machine may cost some, but not half of a whole tenth
            report.faults.append(f"{name}: {late:.0f} steps/s at the end, after {early:.0f}")
        if grown > 2:
            report.faults.append(f"{name}: {grown:.1f} MB more at the end")
        if not np.isfinite(run_state.state.theta).all():
            report.faults.append(f"{name}: parameters that are not finite")
    report.end("; ".join(told))


if __name__ == "__main__":
    main()
