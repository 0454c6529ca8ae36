"""What `training_steps.py` measures, as tables: the README's with the best peer's name, and all peers for the docs."""

from importlib.metadata import version

from contenders import CORES
from deltarule.engines.native import instruction_set
from environments import PEERS
from timing import processor
from training_steps import StepResult

__all__ = ["all_peers", "best_peers", "number"]

SHOWN = ("scikit-learn", "PyTorch")
"""Peers with a column of their own in the README."""


def number(microseconds: float) -> str:
    """Return three digits, or all before the point."""
    return f"{microseconds:.3g}" if microseconds < 1000 else f"{microseconds:.0f}"


def best_peers(results: list[StepResult]) -> list[str]:
    """Microseconds a step: the peers that most people know, and the best of all."""
    if not results:
        return []
    shown = [name for name in SHOWN if name in results[0].least]
    lines = [
        *_head(results),
        "",
        f"| layers, batch | deltarule | {' | '.join(shown)} | the best peer | to the best peer |",
        f"|---|---|{'---|' * len(shown)}---|---|",
    ]
    for result in results:
        best = f"{result.best_peer}, {number(result.least[result.best_peer] * 1e6)}"
        cells = [
            _name(result),
            _ours(result),
            *(_cell(result, name) for name in shown),
            best,
            f"**{result.ratio:.1f}×**",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def all_peers(results: list[StepResult]) -> list[str]:
    """Microseconds a step of every peer."""
    if not results:
        return []
    peers = ["scikit-learn", *(peer.name for peer in PEERS if peer.name in results[0].least)]
    lines = [
        *_head(results),
        "",
        f"| layers, batch | deltarule | {' | '.join(peers)} |",
        f"|---|---|{'---|' * len(peers)}",
    ]
    for result in results:
        lines.append(f"| {_name(result)} | {_ours(result)} | {' | '.join(_cell(result, name) for name in peers)} |")
    versions = [f"scikit-learn {version('scikit-learn')}", *(peer.version for peer in PEERS if peer.name in peers)]
    return [*lines, "", f"{', '.join(dict.fromkeys(versions))}. ¹ on one thread, where that is faster than {CORES}."]


def _head(results: list[StepResult]) -> list[str]:
    missing = [peer.name for peer in PEERS if peer.name not in results[0].least]
    lines = [
        f"Microseconds a training step (Adam, float32; softmax, or one sigmoid), {CORES} cores of {processor()}, "
        f"{instruction_set()}; in brackets how many times deltarule is faster."
    ]
    return lines if not missing else [*lines, f"Not installed here: {', '.join(missing)}."]


def _name(result: StepResult) -> str:
    workload = result.workload
    return f"**{workload.name}** {workload.network}, {workload.batch}"


def _ours(result: StepResult) -> str:
    return number(result.least["deltarule"] * 1e6)


def _cell(result: StepResult, name: str) -> str:
    took = result.least[name]
    one_thread = "¹" if CORES > 1 and result.threads.get(name) == 1 else ""
    return f"{number(took * 1e6)}{one_thread} ({took / result.least['deltarule']:.1f}×)"
