"""Scenes that are learnt in no time, and the runs that the tests go through."""

from typing import Any

from deltarule.play.dataset import drawn_dataset
from deltarule.play.problem import Problem, problem_of
from deltarule.play.scene import Scene, Toy

SOLVERS: dict[str, dict[str, Any]] = {
    "sgd": {"solver": "sgd", "learning_rate": "cosine", "max_iter": 12, "dropout": 0.2, "learning_rate_init": 0.1},
    "adam": {
        "solver": "adam",
        "learning_rate": "one_cycle",
        "max_iter": 12,
        "dropout": (0.1, 0.2),
        "weight_decay": 0.01,
        "dropout_schedule": "flat_cos",
    },
    "lbfgs": {"solver": "lbfgs", "tol": 1e-9},
    "gd": {"solver": "gd", "learning_rate": "cosine", "max_iter": 60, "learning_rate_init": 0.5},
    "adaptive": {"solver": "sgd", "learning_rate": "adaptive", "n_iter_no_change": 1, "tol": 0.05},
    "adaptive gd": {"solver": "gd", "learning_rate": "adaptive"},
    "cg": {"solver": "cg", "tol": 1e-9},
}
"""Settings of training by name; with dropout and a schedule where the solver has them."""


def small_scene(training: dict[str, Any] | None = None, **more: Any) -> Scene:
    """Return a scene of 60 rows and two small hidden layers."""
    usual: dict[str, Any] = {"data": Toy(n=60), "hidden": (4, 3), "training": {"batch_size": 16, **(training or {})}}
    return Scene(**{**usual, **more})


def small_problem(training: dict[str, Any] | None = None, **more: Any) -> Problem:
    """Return what such a scene is to learn."""
    scene = small_scene(training, **more)
    return problem_of(scene, drawn_dataset(scene))
