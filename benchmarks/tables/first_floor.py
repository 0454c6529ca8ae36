"""RealMLP's recipe on phonemes, by the parts, factors and schedules of this library and the reference engine.

    DELTARULE_DATA=… python benchmarks/tables/first_floor.py [--splits 3] [--epochs 256]

The data lie in a folder with a `load.py`, named by DELTARULE_DATA, and what peers scored there in its `peers.jsonl`. A
split leaves out a fifth of the rows for the test and a fifth of the rest for choosing the epoch.

Source: Holzmüller, Grinsztajn and Steinwart, "Better by default", 2024, RealMLP-TD for classification.
"""

import argparse
import json
import os
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from sklearn.model_selection import train_test_split

from deltarule import Dense, Network
from deltarule.common.arrays import Array
from deltarule.engines import MiniBatches, Plan, ReferenceEngine, TrainingState, tabular_factors
from deltarule.network.curves import Periodic
from deltarule.network.data import TrainingSet
from deltarule.network.first_floor import Scale
from deltarule.network.parametric import Parametric
from deltarule.training.settings import Settings
from deltarule.training.solvers import Adam, rates_of, shares_done, step_sizes

WIDTH, BATCH, SMOOTHING = 256, 256, 0.1


def scaled(X: Array, of: Array) -> Array:
    """Return columns around their median, by the distance of their quartiles, bent to within ±3."""
    low, middle, high = np.quantile(of, [0.25, 0.5, 0.75], axis=0)
    spread = np.where(high > low, high - low, np.maximum(np.ptp(of, axis=0) / 2, 1e-30))
    x = (X - middle) / spread
    return np.asarray(x / np.sqrt(1 + (x / 3) ** 2), dtype=np.float32)


def network_for(columns: int, K: int) -> Network:
    """Return the network of the recipe."""
    first = Periodic(columns)
    parts: list[Any] = [first, Scale(first.outputs)]
    width = first.outputs
    for _ in range(3):
        parts += [Dense(width, WIDTH, first_from="data"), Parametric(WIDTH, "selu")]
        width = WIDTH
    return Network([*parts, Dense(width, K, first_from="data")], output="softmax")


def learnt(X: Array, Y: Array, X_held: Array, y_held: Array, epochs: int, seed: int) -> tuple[Network, Array]:
    """Return the network and the parameters after the epoch with the fewest errors on the rows that were held out."""
    generator = np.random.default_rng(seed)
    network = network_for(X.shape[1], Y.shape[1])
    theta = network.first_theta(generator, X).astype(np.float32)
    settings = Settings(
        learning_rate="coslog4",
        learning_rate_init=0.04,
        max_iter=epochs,
        dropout=0.15,
        dropout_schedule="flat_cos",
        weight_decay=0.02,
        weight_decay_schedule="flat_cos",
        beta_2=0.95,
    )
    rule, batches = Adam(settings.beta_1, settings.beta_2), MiniBatches(BATCH)
    data = TrainingSet.of(network, X, (1 - SMOOTHING) * Y + SMOOTHING / Y.shape[1], dtype=np.dtype(np.float32))
    steps = batches.steps_of_an_epoch(len(X))
    plan = Plan.of(network, rule, batches, (), factors=tabular_factors(network))
    state = TrainingState(theta, rule.init(theta), key=seed)
    best, found = np.inf, theta
    with ReferenceEngine(network) as engine:
        for epoch in range(epochs):
            of_epoch = (settings, epoch, 1, steps)
            rates = rates_of(settings, network, step_sizes(*of_epoch), shares_done(*of_epoch))
            state = engine.steps(state, data, Plan(rule, batches, rates, factors=plan.factors)).state
            error = float(np.mean(engine.hypothesis(state.theta, X_held).argmax(axis=1) != y_held))
            if error <= best:
                best, found = error, state.theta
    return network, found


def main() -> None:
    """Print error and log-loss of each split and their means, beside those of the peers."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--splits", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=256)
    asked = parser.parse_args()
    folder = Path(os.environ["DELTARULE_DATA"])
    sys.path.insert(0, str(folder))
    from load import load  # type: ignore[import-not-found]

    table, labels, _ = load("phoneme")
    X, (classes, y) = table.to_numpy(dtype=np.float64), np.unique(labels.astype(str), return_inverse=True)
    for line in (folder / "peers.jsonl").read_text().splitlines():
        peer = json.loads(line)
        if peer["data"] == "phoneme" and peer["model"].startswith(("realmlp", "lightgbm")):
            sys.stdout.write(f"{peer['model']:<24} error {1 - peer['acc']:.4f}   log-loss {peer['logloss']:.4f}\n")
    scores = []
    for number in range(asked.splits):
        began = perf_counter()
        X_1, X_test, y_1, y_test = train_test_split(X, y, test_size=0.2, random_state=number, stratify=y)
        X_learnt, X_held, y_learnt, y_held = train_test_split(
            X_1, y_1, test_size=0.2, random_state=number, stratify=y_1
        )
        rows = [scaled(part, X_learnt) for part in (X_learnt, X_held, X_test)]
        network, theta = learnt(rows[0], np.eye(len(classes))[y_learnt], rows[1], y_held, asked.epochs, number)
        with ReferenceEngine(network) as engine:
            h = engine.hypothesis(theta, rows[2]).astype(np.float64)
        error = float(np.mean(h.argmax(axis=1) != y_test))
        loss = float(-np.log(np.maximum(h[np.arange(len(h)), y_test], 1e-30)).mean())
        scores.append((error, loss))
        took = perf_counter() - began
        sys.stdout.write(f"deltarule, split {number}       error {error:.4f}   log-loss {loss:.4f}   {took:.0f} s\n")
    error, loss = np.mean(scores, axis=0)
    sys.stdout.write(f"mean                     error {error:.4f}   log-loss {loss:.4f}\n")


if __name__ == "__main__":
    main()
