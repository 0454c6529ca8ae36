"""Tables of the figures of this library and its peers, as a page of the documentation."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from measured import Figure
from splits import CLASSIFICATION, REGRESSION

__all__ = ["write_comparison"]

Figures = Mapping[tuple[str, int, str], Figure]

_HEAD = """# Tables: figures

Written by `make bench-tables`. Each set is split 80/20, three times up to 8 000 rows and once beyond, the same for all;
a figure is the mean over the splits that it has. Everything is at its defaults, except for what a name says. Seconds
are those of a fit: of this library on two threads, wall time; of the peers CPU time on one thread, because RealMLP
takes as long on two. Where a peer was measured on another machine than this library on the same set, its seconds are
those that it would take there, by what RealMLP-TD takes for concrete on both. The ratios are geometric means over the
sets and splits that both models have, each against RealMLP-TD without label smoothing (for quantities RealMLP-TD):
below 1 is better.
"""
_BASE = {True: "RealMLP-TD, no smoothing", False: "RealMLP-TD"}


def write_comparison(path: Path, ours: Figures, peers: Figures, timed: Sequence[Figure]) -> None:
    """Write the page; `timed` are fits of one set on the machines that figures are of."""
    every = {**_on_machines_of(ours, peers, timed), **ours}
    models = list(dict.fromkeys(model for _, _, model in [*ours, *peers]))
    parts = [_HEAD]
    for title, names, measures in (
        ("Classes", list(CLASSIFICATION), ("error", "log_loss", "auc")),
        ("Quantities", list(REGRESSION), ("rmse",)),
    ):
        for measure in measures:
            parts.append(f"\n## {title}: {measure.replace('_', '-')}\n\n{_by_set(every, models, names, measure)}")
        parts.append(f"\n## {title}: seconds of a fit\n\n{_by_set(every, models, names, 'seconds')}")
        parts.append(f"\n## {title}: ratios\n\n{_ratios(every, models, names, measures)}")
    speeds = _speeds(timed)
    parts.append("\nMeasured on these machines; RealMLP-TD takes so many CPU seconds for concrete there:\n\n")
    machines = {one.machine for one in [*ours.values(), *peers.values()]}
    parts += [f"- {name}: {speeds[name]:.2f}\n" for name in sorted(machines)]
    path.write_text("".join(parts), encoding="utf-8")


def _speeds(timed: Sequence[Figure]) -> dict[str, float]:
    """Return the mean CPU seconds of the same fits on each machine."""
    return {
        name: float(np.mean([one.cpu_seconds for one in timed if one.machine == name]))
        for name in {one.machine for one in timed}
    }


def _on_machines_of(ours: Figures, peers: Figures, timed: Sequence[Figure]) -> Figures:
    """Return the peers' figures with the seconds that they would take where this library was measured on the set."""
    machines, speeds = {name: one.machine for (name, _, _), one in ours.items()}, _speeds(timed)
    return {
        key: replace(one, cpu_seconds=one.cpu_seconds * speeds[machines.get(key[0], one.machine)] / speeds[one.machine])
        for key, one in peers.items()
    }


def _splits(figures: Figures, model: str, name: str) -> set[int]:
    """Return the splits of a set that a model has figures of."""
    return {split for data, split, its in figures if (data, its) == (name, model)}


def _value(figures: Figures, model: str, name: str, measure: str, splits: set[int] | None = None) -> float:
    """Return the mean over some splits of a set, by default all; NaN without figures."""
    chosen = _splits(figures, model, name) if splits is None else splits
    found = [figures[name, split, model] for split in sorted(chosen)]
    if not found:
        return np.nan
    if measure == "seconds":
        return float(np.mean([one.seconds if model.startswith("deltarule") else one.cpu_seconds for one in found]))
    values = [getattr(one, measure) for one in found]
    return np.nan if None in values else float(np.mean(values))


def _by_set(figures: Figures, models: list[str], names: list[str], measure: str) -> str:
    rows = [f"| | {' | '.join(names)} |", f"|---|{'---:|' * len(names)}"]
    for model in models:
        values = [_value(figures, model, name, measure) for name in names]
        if not np.isnan(values).all():
            rows.append(f"| {model} | {' | '.join('' if np.isnan(v) else f'{v:.4g}' for v in values)} |")
    return "\n".join(rows) + "\n"


def _ratios(figures: Figures, models: list[str], names: list[str], measures: tuple[str, ...]) -> str:
    base = _BASE[len(measures) > 1]
    kinds = [
        *(measure for measure in measures if measure != "auc"),
        *(["1 − AUC"] if "auc" in measures else []),
        "seconds",
    ]
    rows = [f"| | sets | {' | '.join(kind.replace('_', '-') for kind in kinds)} |", f"|---|---:|{'---:|' * len(kinds)}"]
    for model in models:
        cells, sets = [], 0
        for kind in kinds:
            measure = "auc" if kind == "1 − AUC" else kind
            both = [_splits(figures, model, name) & _splits(figures, base, name) for name in names]
            pairs = np.array(
                [
                    [_value(figures, of, name, measure, splits) for of in (model, base)]
                    for name, splits in zip(names, both, strict=True)
                ]
            )
            pairs = 1 - pairs if measure == "auc" else pairs
            pairs = pairs[~np.isnan(pairs).any(axis=1)]
            sets = max(sets, len(pairs))
            cells.append(f"{np.exp(np.mean(np.log(pairs[:, 0] / pairs[:, 1]))):.3f}" if len(pairs) else "")
        if sets:
            rows.append(f"| {model} | {sets} | {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"
