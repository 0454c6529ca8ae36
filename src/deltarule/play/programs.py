"""Programs that do a run again: with deltarule, with scikit-learn, and with NumPy alone.

Each holds the rows that the network learnt from, as numbers. Where a run cannot be done again from its seed, because a
weight was edited or a setting changed on the way, the program begins with the weights as they are.
"""

import base64
import textwrap
import zlib
from typing import Any

import numpy as np

from deltarule.common.arrays import Array
from deltarule.common.errors import InputError
from deltarule.play.numpy_parts import GRADIENT, HIDDEN, ORDER, OUTPUTS, RULES
from deltarule.play.problem import estimator_of
from deltarule.play.snapshot import Snapshot
from deltarule.training.settings import SETTINGS
from deltarule.training.solvers.schedules import step_sizes

__all__ = ["deltarule_program", "numpy_program", "sklearn_program"]

MOST_CELLS = 3_000_000
LITERAL_CELLS = 4000


def deltarule_program(snapshot: Snapshot) -> str:
    """Return a program that trains the same network with the estimator of this library."""
    scene, dataset, place = snapshot.opening.scene, snapshot.opening.dataset, snapshot.place
    epochs = place.epoch
    name = "MLPClassifier" if dataset.is_classes else "MLPRegressor"
    settings = snapshot.problem.settings
    more: dict[str, Any] = {"max_iter": max(1, epochs)}
    if settings.schedule_spans_run:
        more["max_iter"] = max(settings.max_iter, epochs)
    if settings.solver in ("sgd", "adam") and settings.learning_rate != "adaptive":
        more["n_iter_no_change"] = float("inf")
    estimator = estimator_of(scene, dataset, **more)
    parameters = _changed(estimator)
    call = f"{name}({_arguments(parameters)})"
    used = [name, *(["Unit"] if "Unit(" in call else [])]
    head = [*_head(snapshot, f"from deltarule import {', '.join(used)}"), *_rows(snapshot)]
    if not snapshot.is_one_run or epochs == 0 or snapshot.opening.model is not None:
        head = [*_head(snapshot, f"from deltarule import {name}, Network, Unit  # noqa: F401"), *_rows(snapshot)]
        return _lines([*head, *_from_weights(snapshot, name, parameters)])
    inside = f", {place.batch} batches before where the page stands" if place.batch else ""
    stop = ", callbacks=[lambda progress: progress.epoch == EPOCHS]" if more["max_iter"] > epochs else ""
    return _lines(
        [
            *head,
            f"EPOCHS = {epochs}  # the end of an epoch{inside}",
            f"model = {call}",
            "with warnings.catch_warnings():",
            '    warnings.simplefilter("ignore")  # that more epochs may help',
            f"    model.fit(X, y{stop})",
            "",
            "score = model.score(X, y)",
            'print(f"{model.n_iter_} epochs, J = {model.loss_:.6g}, score on the rows it learnt from: {score:.4f}")',
        ]
    )


def sklearn_program(snapshot: Snapshot) -> str:
    """Return a program that trains such a network with scikit-learn, and one that predicts with these weights.

    Raises
    ------
    InputError
        If scikit-learn has no such unit, output or solver.
    """
    scene, dataset, problem = snapshot.opening.scene, snapshot.opening.dataset, snapshot.problem
    settings, network = problem.settings, problem.network
    units = {str(unit) for unit in network.hidden_units}
    if len(units) > 1 or not units <= {"logistic", "tanh", "relu", "identity"}:
        raise InputError(
            f"scikit-learn has no hidden layers of {', '.join(sorted(units))}: it has logistic, tanh, relu or identity "
            "for all layers. Take another unit, or the program of deltarule or NumPy."
        )
    if settings.solver not in ("sgd", "adam", "lbfgs"):
        raise InputError(f"scikit-learn has no solver {settings.solver!r}: it has sgd, adam and lbfgs.")
    if network.output == "exp" or (network.output == "sigmoid" and network.K > 1):
        raise InputError(f"scikit-learn has no {network.K} outputs of the kind {network.output!r}. Take softmax.")
    m = problem.training.rows
    b = m if settings.solver == "lbfgs" else min(200 if settings.batch_size == "auto" else int(settings.batch_size), m)
    alpha = settings.alpha * b / m
    name = "MLPClassifier" if dataset.is_classes else "MLPRegressor"
    parameters: dict[str, Any] = {
        "hidden_layer_sizes": scene.hidden,
        "activation": units.pop() if units else "tanh",
        "solver": settings.solver,
        "alpha": alpha,
        "batch_size": b,
        "learning_rate_init": settings.learning_rate_init,
        "max_iter": max(1, snapshot.place.epoch),
        "n_iter_no_change": 10**9,
        "random_state": scene.seed,
    }
    if settings.solver == "sgd":
        parameters |= {"momentum": settings.momentum, "nesterovs_momentum": settings.nesterovs_momentum}
    if settings.solver == "lbfgs":
        del parameters["n_iter_no_change"], parameters["batch_size"], parameters["learning_rate_init"]
    if settings.solver == "adam":
        parameters |= {name: getattr(settings, name) for name in ("beta_1", "beta_2", "epsilon")}
    left_out = [
        one
        for one in ("dropout", "weight_decay", "max_grad_norm", "warmup", "learning_rate")
        if getattr(settings, one) != SETTINGS[one].default
    ]
    differs = [
        "# What differs: first weights and the order of rows come from another generator, so numbers are not the same.",
        f"# alpha = {settings.alpha:g} · {b}/{m}: scikit-learn divides its penalty by the {b} rows of a batch,",
        f"# deltarule by all {m}.",
    ]
    if left_out:
        differs.append(f"# scikit-learn has no {', '.join(left_out)} as set here: left out.")
    return _lines(
        [
            *_head(snapshot, f"from sklearn.neural_network import {name}"),
            *_rows(snapshot),
            *differs,
            f"model = {name}({_arguments(parameters)})",
            "with warnings.catch_warnings():",
            '    warnings.simplefilter("ignore")  # that more epochs may help',
            "    model.fit(X, y)",
            'print(f"trained again: score {model.score(X, y):.4f}")',
            "",
            "# The weights of the page, with which it predicts the same.",
            f"theta = {_array(snapshot.theta)}",
            f"shapes = {network.shapes!r}",
            "matrices, start = [], 0",
            "for rows, columns in shapes:",
            "    matrices.append(theta[start : start + rows * columns].reshape(rows, columns))",
            "    start += rows * columns",
            "model.coefs_ = [matrix[:, 1:].T.copy() for matrix in matrices]",
            "model.intercepts_ = [matrix[:, 0].copy() for matrix in matrices]",
            'print(f"with the weights of the page: score {model.score(X, y):.4f}")',
        ]
    )


def numpy_program(snapshot: Snapshot) -> str:
    """Return a program in plain NumPy: the network, its cost and gradient, and the run step by step.

    Raises
    ------
    InputError
        If a hidden layer has units that need more than NumPy.
    """
    problem, place = snapshot.problem, snapshot.place
    settings, network = problem.settings, problem.network
    for unit in network.hidden_units:
        if unit.name not in HIDDEN:
            raise InputError(f"The program in NumPy has no {unit.name}, which needs SciPy. Take another unit.")
    names = {unit.name for unit in network.hidden_units}
    units = [f"({unit.name!r}, {unit.numbers!r})" for unit in network.hidden_units]
    Y = problem.training.Y.astype(np.float64)
    can_run = (
        snapshot.is_one_run
        and settings.solver in ("sgd", "adam", "gd")
        and settings.learning_rate != "adaptive"
        and not any(np.atleast_1d(settings.dropout))
        and settings.weight_decay == 0
        and settings.max_grad_norm is None
        and settings.dtype == "float64"
    )
    start = problem.start.state.theta.astype(np.float64) if can_run else snapshot.theta
    lines = [
        *_head(snapshot, ""),
        *_rows(snapshot, targets=Y),
        f"SHAPES = {network.shapes!r}",
        f"UNITS = [{', '.join(units)}]",
        f"LAMBDA = {settings.alpha!r}",
        f"theta = {_array(start)}",
        "",
        "HIDDEN = {  # g, and g' from z and a",
        *(f"    {name!r}: ({HIDDEN[name][0]}, {HIDDEN[name][1]})," for name in sorted(names)),
        "}",
        *OUTPUTS[network.output].strip("\n").split("\n"),
        *GRADIENT.strip("\n").split("\n"),
        "",
    ]
    if can_run:
        lines += _numpy_run(snapshot)
    else:
        why = "of its settings" if snapshot.is_one_run else "a weight was edited or a setting changed on the way"
        lines += [f"# The run is not done again here because {why}: these are the weights where the page stands."]
    lines += ["J, D = cost_and_gradient(theta, X, Y, len(X))", f'print(f"J = {{J:.10g}} after {place.step} steps")']
    return _lines(lines)


def _numpy_run(snapshot: Snapshot) -> list[str]:
    """Return the loop of a program in NumPy."""
    settings, problem, step = snapshot.problem.settings, snapshot.problem, snapshot.step
    rows = problem.training.rows
    if settings.solver == "gd":
        eta = np.array([step_sizes(settings, n, 1, 1, seen=n)[0, 0] for n in range(step)])
        return [*_etas(eta), *textwrap.dedent(RULES["gd"]).strip("\n").split("\n")]
    per_epoch = snapshot.steps_per_epoch
    epochs = -(-step // per_epoch)
    eta = np.array([step_sizes(settings, n, 1, per_epoch, rows, n * rows)[0] for n in range(epochs)]).ravel()[:step]
    size = 200 if settings.batch_size == "auto" else settings.batch_size
    names = {
        "sgd": f"MU, NESTEROV = {settings.momentum!r}, {settings.nesterovs_momentum!r}",
        "adam": f"B1, B2, EPSILON = {settings.beta_1!r}, {settings.beta_2!r}, {settings.epsilon!r}",
    }
    return [
        *ORDER.strip("\n").split("\n"),
        "",
        f"KEY, BATCH, SHUFFLE = {problem.start.state.key}, {min(int(size), rows)}, {settings.shuffle!r}",
        names[settings.solver],
        *_etas(eta),
        *textwrap.dedent(RULES[settings.solver]).strip("\n").split("\n"),
    ]


def _etas(eta: Array) -> list[str]:
    if len(eta) == 0 or (eta == eta[0]).all():
        return [f"ETA = np.full({len(eta)}, {float(eta[0]) if len(eta) else 0.0!r})  # step sizes"]
    return [f"ETA = {_array(eta)}  # step sizes"]


def _head(snapshot: Snapshot, imports: str) -> list[str]:
    name, network, seed = _plain(snapshot.opening.dataset.name), snapshot.problem.network, snapshot.opening.scene.seed
    return [
        f'"""{name}, network {network}: step {snapshot.step} of a run of deltarule play (seed {seed})."""',
        "",
        "import base64",
        "import warnings",
        "import zlib",
        "",
        "import numpy as np",
        *([imports] if imports else []),
        "",
        "",
        "def unpacked(text):",
        '    """Return numbers that were packed as text."""',
        '    return np.frombuffer(zlib.decompress(base64.b64decode(text)), "<f8").copy()',
        "",
        "",
    ]


def _rows(snapshot: Snapshot, targets: Array | None = None) -> list[str]:
    dataset = snapshot.opening.dataset
    rows = dataset.training
    X = dataset.X[rows]
    if X.size > MOST_CELLS:
        raise InputError(f"A program with {X.size} numbers of data is too long: {MOST_CELLS} is the most.")
    said = f"# The {len(rows)} rows that it learns from: {', '.join(map(_plain, dataset.features[:12]))}"
    lines = [said, f"X = {_array(X.ravel())}.reshape({X.shape[0]}, {X.shape[1]})"]
    if targets is not None:
        return [*lines, f"Y = {_array(targets.ravel())}.reshape({targets.shape[0]}, {targets.shape[1]})", ""]
    if dataset.is_classes:
        return [*lines, f"y = np.array({dataset.y[rows].tolist()!r})", ""]
    return [*lines, f"y = {_array(dataset.y[rows].astype(np.float64))}", ""]


def _from_weights(snapshot: Snapshot, name: str, parameters: dict[str, Any]) -> list[str]:
    network, dataset = snapshot.problem.network, snapshot.opening.dataset
    of_network = ("hidden_layer_sizes", "activation", "output")
    kept = {key: value for key, value in parameters.items() if key not in of_network}
    units = [unit.name if str(unit) == unit.name else unit for unit in network.hidden_units]
    classes = [] if dataset.classes is None else [f"    classes={dataset.classes.tolist()!r},"]
    return [
        "# The weights where the page stands: a weight was edited, a setting changed, or nothing was trained yet.",
        f"theta = {_array(snapshot.theta)}",
        f"model = {name}.from_parts(",
        f"    Network({network.sizes!r}, {units!r}, {network.output!r}),",
        "    theta,",
        *classes,
        *(f"    {key}={_value(value)}," for key, value in kept.items()),
        ")",
        'print(f"score on the rows it learnt from: {model.score(X, y):.4f}")',
    ]


def _changed(estimator: Any) -> dict[str, Any]:
    """Return the parameters of an estimator that differ from its defaults."""
    usual = type(estimator)().get_params()
    return {name: value for name, value in estimator.get_params().items() if value != usual[name]}


def _arguments(parameters: dict[str, Any]) -> str:
    return ", ".join(f"{name}={_value(value)}" for name, value in parameters.items())


def _value(value: Any) -> str:
    return 'float("inf")' if isinstance(value, float) and np.isinf(value) else repr(value)


def _array(values: Array) -> str:
    """Return numbers as Python, with all their digits: written out where they are few, else packed."""
    flat = np.asarray(values, dtype=np.float64).ravel()
    if len(flat) <= LITERAL_CELLS // 8:
        return f"np.array({flat.tolist()!r})"
    packed = base64.b64encode(zlib.compress(flat.astype("<f8").tobytes(), 9)).decode()
    return f'unpacked("{packed}")'


def _plain(text: str) -> str:
    """Return a name as it may stand in a comment or a docstring."""
    return "".join(letter if letter.isprintable() and letter not in '"\\' else "?" for letter in str(text))[:60]


def _lines(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"
