"""Training of a small network on a few rows, for the tests of the loop."""

from typing import Any

from deltarule import Network
from deltarule.arrays import Array
from deltarule.data import TrainingSet
from deltarule.engines import ReferenceEngine
from deltarule.record import Standing
from deltarule.settings import Settings
from deltarule.training import Result, first_state, train
from oracles import problem

NETWORK = Network((3, 4, 2), "tanh", "softmax")
SOLVERS = ["sgd", "adam", "gd", "cg", "lbfgs"]


def parts(m: int = 30, seed: int = 0) -> tuple[Array, TrainingSet]:
    theta, X, Y, _ = problem(NETWORK, m, seed)
    return theta, TrainingSet.of(NETWORK, X, Y)


def run(settings: Settings, start: Standing | None = None, **more: Any) -> Result:
    theta, data = parts()
    engine = more.pop("engine", ReferenceEngine(NETWORK))
    return train(engine, data, settings, start or Standing(first_state(settings, theta, 5)), **more)
