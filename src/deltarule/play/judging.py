"""Predictions of a snapshot held against the truth, the gradient check, and the values at a point."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from deltarule.common.arrays import Array
from deltarule.common.errors import ShapeError
from deltarule.network.gradient_check import check_gradient
from deltarule.network.parts import Dense
from deltarule.pictures.reliability_diagram import reliability_of
from deltarule.play.answers import Checked, Predictions, Probed
from deltarule.play.requests import Check, Predict, Probe
from deltarule.play.snapshot import Snapshot

__all__ = ["checked", "predictions", "probed", "score"]

CHECKED_ROWS = 500


def predicted_numbers(snapshot: Snapshot) -> Array:
    """Return the prediction of each row: the number of the class, or the quantity in its own units."""
    dataset, h = snapshot.opening.dataset, snapshot.h
    if not dataset.is_classes:
        return np.asarray(dataset.mean + dataset.deviation * h[:, 0])
    return np.asarray((h[:, 0] >= 0.5 if h.shape[1] == 1 else h.argmax(axis=1)).astype(np.float64))


def score(snapshot: Snapshot) -> Mapping[str, str | float | None]:
    """Return accuracy, or R², on the training rows and on the held-out rows."""
    dataset = snapshot.opening.dataset
    truth, found = dataset.numbers, predicted_numbers(snapshot)
    name = "accuracy" if dataset.is_classes else "R²"
    parts = {"train": dataset.training, "validation": dataset.held_out}
    return {"name": name} | {part: _score(truth[rows], found[rows], name) for part, rows in parts.items()}


def predictions(snapshot: Snapshot, request: Predict) -> Predictions:
    """Return predictions, largest cost first."""
    dataset, problem = snapshot.opening.dataset, snapshot.problem
    rows = {"train": dataset.training, "validation": dataset.held_out, "all": np.arange(len(dataset.X))}[request.rows]
    with np.errstate(over="ignore", invalid="ignore"):
        z = _last_z(snapshot, rows)
        costs = np.asarray(problem.network.output_unit.costs(z, problem.Y[rows]), dtype=np.float64)
    truth, found, h = dataset.numbers[rows], predicted_numbers(snapshot)[rows], snapshot.h[rows]
    order = np.argsort(-costs, kind="stable")[: max(0, request.most)]
    measures: dict[str, float | None] = {"cost": float(costs.mean()) if len(rows) else None}
    confusion: NDArray[np.int32] | None = None
    bins: tuple[Mapping[str, float], ...] = ()
    if dataset.classes is not None:
        K = len(dataset.classes)
        confusion = np.zeros((K, K), dtype=np.int32)
        np.add.at(confusion, (truth.astype(int), found.astype(int)), 1)
        measures["accuracy"] = _score(truth, found, "accuracy")
        bins = _reliability(dataset.classes, truth, h)
    elif len(rows):
        measures |= {
            "r2": _score(truth, found, "R²"),
            "rmse": float(np.sqrt(np.square(found - truth).mean())),
            "mae": float(np.abs(found - truth).mean()),
        }
    return Predictions(
        revision=snapshot.revision,
        generation=snapshot.generation,
        labels=dataset.class_names,
        total=len(rows),
        measures=measures,
        reliability=bins,
        rows=(rows[order] + 1).astype(np.int32),
        truth=truth[order],
        predicted=found[order],
        h=h[order],
        costs=costs[order],
        confusion=confusion,
    )


def checked(snapshot: Snapshot, request: Check) -> Checked:
    """Compare D with differences of J, on the first training rows."""
    problem, dataset = snapshot.problem, snapshot.opening.dataset
    rows = dataset.training[:CHECKED_ROWS]
    parameters = min(max(1, request.parameters), problem.network.n_parameters)
    check = check_gradient(
        problem.network,
        snapshot.theta,
        dataset.X[rows],
        problem.Y[rows],
        lambda_=problem.settings.alpha,
        parameters=parameters,
    )
    layer, i, j = check.worst
    layers = tuple(
        {"layer": n, "gap": None if np.isnan(gap) else gap, "worst": [i, j] if n == layer else None}
        for n, gap in enumerate(check.layer_gaps, 1)
    )
    return Checked(
        revision=snapshot.revision,
        generation=snapshot.generation,
        passed=check.passed,
        text=str(check),
        compared=check.compared,
        layers=layers,
    )


def probed(snapshot: Snapshot, request: Probe) -> Probed:
    """Return z and a of each layer at a point.

    Raises
    ------
    ShapeError
        If the point has another number of coordinates than there are features.
    """
    dataset, network = snapshot.opening.dataset, snapshot.problem.network
    if len(request.x) != network.sizes[0]:
        raise ShapeError(f"The point has {len(request.x)} coordinates, but there are {network.sizes[0]} features.")
    x = dataset.as_inputs(np.array(request.x))
    thetas = network.roll(snapshot.theta)
    a = [layer[0] for layer in snapshot.problem.painter.activations(snapshot.theta, x[np.newaxis])]
    z = [
        Theta[:, 0] + Theta[:, 1:] @ below if isinstance(part, Dense) else above
        for part, Theta, below, above in zip(network.parts, thetas, a, a[1:], strict=False)
    ]
    h = a[-1]
    if dataset.is_classes:
        shares = np.array([1 - h[0], h[0]]) if len(h) == 1 else h
        said = f"{dataset.class_names[int(shares.argmax())]} with {shares.max():.3g}"
    else:
        said = f"{dataset.target} = {dataset.mean + dataset.deviation * h[0]:.4g}"
    return Probed(
        revision=snapshot.revision,
        generation=snapshot.generation,
        x=request.x,
        z=tuple(tuple(map(float, one)) for one in z),
        a=tuple(tuple(map(float, one)) for one in a),
        says=said,
    )


def _last_z(snapshot: Snapshot, rows: NDArray[np.intp]) -> Array:
    network = snapshot.problem.network
    below = snapshot.problem.painter.activations(snapshot.theta, snapshot.opening.dataset.X[rows])[-2]
    Theta = network.roll(snapshot.theta)[-1]
    return np.asarray(Theta[:, 0] + below @ Theta[:, 1:].T)


def _score(truth: Array, found: Array, name: str) -> float | None:
    if len(truth) == 0:
        return None
    if name == "accuracy":
        return float(np.mean(truth == found))
    spread = float(np.square(truth - truth.mean()).sum())
    return 1 - float(np.square(truth - found).sum()) / spread if spread > 0 else None


def _reliability(classes: NDArray[np.generic], truth: Array, h: Array) -> tuple[Mapping[str, float], ...]:
    """Return the bins of a reliability curve that are not empty."""
    if not len(truth) or not np.isfinite(h).all():
        return ()
    shares = np.column_stack([1 - h, h]) if h.shape[1] == 1 else h
    numbers = np.arange(len(classes))
    found = reliability_of(numbers, truth.astype(int), shares)
    triples = zip(found.probability, found.frequency, found.counts, strict=True)
    return tuple({"confidence": float(p), "correct": float(f), "rows": int(n)} for p, f, n in triples)
