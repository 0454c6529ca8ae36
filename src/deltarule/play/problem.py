"""What a scene is to learn: network, training set, settings, and the state in which the run begins.

It is made as `fit` makes it, so a run of the page has the bits of an estimator with the same seed.
"""

import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from deltarule.common.arrays import Array
from deltarule.common.errors import SettingsError
from deltarule.engines import Engine, engine_for
from deltarule.estimators.choices import generator_of, settings_of
from deltarule.estimators.classifier import MLPClassifier
from deltarule.estimators.continuing import new_run
from deltarule.estimators.regressor import MLPRegressor
from deltarule.estimators.targets import Labels
from deltarule.estimators.task import learning_task
from deltarule.network.data import TrainingSet
from deltarule.network.network import Network
from deltarule.play.dataset import Dataset
from deltarule.play.painter import Painter
from deltarule.play.scene import Scene
from deltarule.play.units import read_units
from deltarule.training.record import RunState
from deltarule.training.settings import MINI_BATCH_SOLVERS, Settings

__all__ = ["Problem", "estimator_of", "problem_of", "problem_of_network"]

MOST_PARAMETERS = 20_000_000


@dataclass(frozen=True, eq=False)
class Problem:
    """What a scene is to learn.

    Attributes
    ----------
    scene : Scene
    dataset : Dataset
    network : Network
    settings : Settings
    training : TrainingSet
        Rows to learn from, in the precision of training.
    validation : TrainingSet or None
        Rows that are held out.
    Y : array of shape (m, K), float64
        Targets of all rows, in the order of the data set.
    start : RunState
    """

    scene: Scene
    dataset: Dataset
    network: Network
    settings: Settings
    training: TrainingSet
    validation: TrainingSet | None
    Y: Array
    start: RunState

    @property
    def is_mini_batch(self) -> bool:
        """Whether a step is a mini-batch; else it is an iteration over all rows."""
        return self.settings.solver in MINI_BATCH_SOLVERS

    @cached_property
    def painter(self) -> Painter:
        """What computes its pictures, whoever trains."""
        return Painter(self.network)

    def new_engine(self) -> Engine:
        """Return an engine of its own, which whoever asks for it closes."""
        return engine_for(self.network)


def estimator_of(scene: Scene, dataset: Dataset, **more: Any) -> MLPClassifier | MLPRegressor:
    """Return the estimator that `fit` would train on the rows of a scene, unfitted."""
    units = read_units(scene.unit, len(scene.hidden))
    activation: Any = units[0] if len(set(units)) == 1 else list(units) if units else "tanh"
    if not isinstance(activation, list) and str(activation) == getattr(activation, "name", ""):
        activation = activation.name
    settings = scene.settings
    usual = Settings()
    changed = {n: getattr(settings, n) for n in vars(settings) if getattr(settings, n) != getattr(usual, n)}
    parameters = {"activation": activation, **changed, "random_state": scene.seed, **more}
    if dataset.is_classes:
        if scene.output == "identity":
            raise SettingsError(
                "output='identity' is for quantities, but the target is a class. Take 'auto', 'sigmoid' or 'softmax'."
            )
        return MLPClassifier(hidden_layer_sizes=scene.hidden, output=scene.output, **parameters)
    return MLPRegressor(hidden_layer_sizes=scene.hidden, **parameters)


def problem_of(scene: Scene, dataset: Dataset, theta: Array | None = None) -> Problem:
    """Return what a scene is to learn, beginning with θ if it is given, else with the scene's or its seed's weights.

    Raises
    ------
    ValueError
        If the scene does not fit the rows.
    """
    estimator = estimator_of(scene, dataset)
    settings = settings_of(estimator)
    training, held = dataset.training, dataset.held_out
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        known: dict[str, Any] = {}
        if dataset.classes is not None and len(np.unique(dataset.y[training])) < len(dataset.classes):
            known = {"targets": _labels(scene, dataset), "may_lack_classes": True}
        task = learning_task(
            estimator,
            settings,
            dataset.X[training],
            dataset.y[training],
            eval_set=(dataset.X[held], dataset.y[held]) if len(held) else None,
            **known,
        )
    network = task.network
    if network.n_parameters > MOST_PARAMETERS:
        raise SettingsError(
            f"The network {network} has {network.n_parameters} parameters, more than the {MOST_PARAMETERS} that the "
            "page trains. Take smaller layers."
        )
    generator = generator_of(scene.seed)
    first = network.first_theta(generator)
    begin = scene.theta_of(network.n_parameters) if theta is None else theta
    start = new_run(settings, (first if begin is None else begin).astype(task.dtype), generator)
    Y = np.zeros((len(dataset.X), network.K))
    Y[training] = task.training_set.Y
    if task.validation_set is not None:
        Y[held] = task.validation_set.Y
    return Problem(scene, dataset, network, settings, task.training_set, task.validation_set, Y, start)


def problem_of_network(scene: Scene, dataset: Dataset, network: Network, theta: Array | None, Y: Array) -> Problem:
    """Return what a network that is given is to learn, in float64, beginning with θ or with the seed's weights.

    Parameters
    ----------
    Y : array of shape (m, K)
        Targets of all rows.
    """
    settings, generator = scene.settings, generator_of(scene.seed)
    training, held = dataset.training, dataset.held_out
    first = network.first_theta(generator, dataset.X[training]) if theta is None else theta
    return Problem(
        scene,
        dataset,
        network,
        settings,
        TrainingSet.of(network, dataset.X[training], Y[training], None, np.dtype(np.float64)),
        TrainingSet.of(network, dataset.X[held], Y[held], None, np.dtype(np.float64)) if len(held) else None,
        Y,
        new_run(settings, first.astype(np.float64), generator),
    )


def _labels(scene: Scene, dataset: Dataset) -> Labels:
    """Return the labels of all classes, for rows to learn from that lack some."""
    assert dataset.classes is not None
    K = len(dataset.classes)
    one = scene.output != "softmax" and K == 2
    output = "softmax" if scene.output == "softmax" or (scene.output == "auto" and K > 2) else "sigmoid"
    return Labels.of_parts(dataset.classes, False, Network((1, 1 if one else K), output=output))
