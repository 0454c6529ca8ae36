"""What is open, described for the page: network, data, and each control as `settings` declares it."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np

from deltarule.explain.formulas import formula_of, formula_of_output
from deltarule.network.parts import Dense
from deltarule.play.answers import Opened
from deltarule.play.scene import NOT_PLAYED, Scene
from deltarule.play.snapshot import Snapshot
from deltarule.training.ranges import Choice, Flag, Interval, PerLayer
from deltarule.training.settings import SETTINGS

__all__ = ["controls", "opened"]

MOST_NUMBERS, MOST_ROWS = 400_000, 2000
"""Most numbers of X, and most rows, that are sent to be drawn."""

SOLVERS: Mapping[str, tuple[str, ...]] = {
    "batch_size": ("sgd", "adam"),
    "shuffle": ("sgd", "adam"),
    "learning_rate": ("sgd", "adam", "gd"),
    "learning_rate_init": ("sgd", "adam", "gd"),
    "power_t": ("sgd", "gd"),
    "momentum": ("sgd",),
    "nesterovs_momentum": ("sgd",),
    "beta_1": ("adam",),
    "beta_2": ("adam",),
    "epsilon": ("adam",),
    "max_fun": ("lbfgs",),
    **dict.fromkeys(
        ("warmup", "dropout", "weight_decay", "dropout_schedule", "weight_decay_schedule", "max_grad_norm"),
        ("sgd", "adam"),
    ),
    "n_iter_no_change": ("sgd", "adam"),
}
"""The solvers on which a setting acts; those that are not named act on all."""


def opened(snapshot: Snapshot) -> Opened:
    """Return what is open."""
    opening, problem = snapshot.opening, snapshot.problem
    dataset, network, scene = opening.dataset, problem.network, opening.scene
    n = dataset.X.shape[1]
    shown = min(len(dataset.X), MOST_ROWS, max(50, MOST_NUMBERS // n))
    places = np.unique(np.linspace(0, len(dataset.X) - 1, shown).round().astype(np.int64))
    X = dataset.in_units(dataset.X[places])
    everything = dataset.in_units(dataset.X)
    return Opened(
        revision=snapshot.revision,
        generation=snapshot.generation,
        step=snapshot.step,
        scene={one.name: getattr(scene, one.name) for one in fields(scene) if one.name != "theta"},
        link=scene.to_link(),
        network={
            "sizes": network.sizes,
            "units": [str(part.unit or part.kind) for part in network.parts[:-1]],
            "parts": [part.kind for part in network.parts],
            "edges": [isinstance(part, Dense) for part in network.parts],
            "output": network.output,
            "parameters": network.n_parameters,
            "says": str(network),
            "cost": formula_of_output(network).cost,
            "h": formula_of_output(network).h,
            "g": ["" if part.unit is None else formula_of(part.unit).g for part in network.parts[:-1]],
        },
        data={
            "name": dataset.name,
            "kind": "model" if opening.model is not None else scene.data.kind,
            "task": "classify" if dataset.is_classes else "regress",
            "rows": len(dataset.X),
            "train_rows": len(dataset.training),
            "validation_rows": len(dataset.held_out),
            "shown_rows": len(places),
            "features": dataset.features,
            "feature_ranges": list(zip(everything.min(axis=0), everything.max(axis=0), strict=True)),
            "classes": dataset.class_names if dataset.is_classes else None,
            "target": dataset.target,
            "quantity": None if dataset.is_classes else {"mean": dataset.mean, "deviation": dataset.deviation},
            "columns": dataset.columns,
            "member": opening.member,
            "members": opening.members,
        },
        settings=controls(scene),
        notices=dataset.notices,
        rows=(places + 1).astype(np.int32),
        X=X,
        Y=dataset.numbers[places],
        held_out=dataset.is_held_out[places].astype(np.uint8),
    )


def controls(scene: Scene) -> tuple[Mapping[str, Any], ...]:
    """Return what the page needs to build a control for each setting of training."""
    usual, here = Scene().settings, scene.settings
    found = []
    for name, setting in SETTINGS.items():
        if name in NOT_PLAYED:
            continue
        about: dict[str, Any] = {
            "name": name,
            "symbol": setting.symbol,
            "word": setting.word,
            "help": setting.help,
            "default": _shown(getattr(usual, name)),
            "value": _shown(getattr(here, name)),
            "common": setting.is_common,
            "solvers": SOLVERS.get(name),
        }
        found.append(about | _kind_of(setting.range))
    return tuple(found)


def _kind_of(declared: Any) -> dict[str, Any]:
    """Return a range as the page takes it."""
    if isinstance(declared, Flag):
        return {"kind": "flag"}
    if isinstance(declared, PerLayer):
        return {**_kind_of(declared.each), "per_layer": True}
    if isinstance(declared, Choice):
        number = {} if declared.or_else is None else _kind_of(declared.or_else)
        return {**number, "kind": "choice", "choices": declared.words, "or_number": declared.or_else is not None}
    assert isinstance(declared, Interval)
    return {
        "kind": "number",
        "low": declared.low,
        "high": None if np.isinf(declared.high) else declared.high,
        "open_low": declared.open_low,
        "open_high": declared.open_high,
        "whole": declared.whole,
        "or_none": declared.or_none,
        "or_infinity": declared.or_infinity,
    }


def _shown(value: Any) -> Any:
    return "inf" if isinstance(value, float) and np.isinf(value) else value
