"""Every workload against every peer, in turn; prints the tables and writes them into README and docs.

`make bench` runs all of it, in about seven minutes on two cores; `python benchmarks/run.py XS scores` runs some.
"""

import sys
from pathlib import Path

from busy import two_threads_on_a_busy_machine
from contenders import CORES
from exported_predictions import exported_predictions
from in_processes import running
from interruption import longest_wait_after_ctrl_c
from lambda_path import lambda_path_against_scikit_learn
from other_workloads import full_batch, predictions, product_against_pytorch, row_costs, sparse_text
from overhead import TARGETS, overhead
from scores import FOLDER, SEEDS, Comparison, DataSet, check_that_none_is_worse, compare, data_sets
from side_by_side import MEMBER_TARGETS, MEMBERS, members_against_one, searches
from small_gradient import SMALL_GRADIENT_OPERATIONS, small_gradient
from step_tables import all_peers, best_peers, number
from training_steps import StepResult, check_that_all_learn_the_same, measure
from workloads import TRAINING, Workload

ROOT = Path(__file__).parent.parent
README, DOCS = ROOT / "README.md", ROOT / "docs" / "benchmarks.md"
SHARED = ("M", "T", "L")  # the sizes whose arithmetic decides


def main(names: list[str]) -> None:
    """Run what is named, or everything."""
    chosen = [workload for workload in TRAINING if not names or workload.name in names]
    results = training_results(chosen) if chosen else []
    lines = best_peers(results)
    if not names or "F" in names:
        lines += ["", *full_batch_line()]
    if not names or "N" in names:
        lines += ["", *sparse_line()]
    if not names or "SC" in names:
        lines += ["", *small_gradient_lines()]
    if not names or "P" in names:
        lines += ["", *prediction_table()]
    if not names or "E" in names:
        lines += ["", *exported_table()]
    say("\n".join(["", *lines, "", *all_peers(results), ""]))
    if not names or "product" in names:
        say("\n".join(share_lines([result for result in results if result.workload.name in SHARED])))
    if not names or "busy" in names:
        ratios = two_threads_on_a_busy_machine(("XS", *SHARED), rounds=9)
        told = ", ".join(f"{name} {ratio:.2f}" for name, ratio in ratios.items())
        say(f"with every core busy elsewhere, {CORES} threads take so many times the time of one: {told}")
    if not names or "interruption" in names:
        say(f"Ctrl-C in a long epoch: fit returned within {longest_wait_after_ctrl_c(presses=20) * 1e3:.0f} ms")
    if not names or "lambda" in names:
        say(lambda_line())
    if not names or "members" in names:
        say("\n".join(["", *member_lines()]))
    if not names or "rows" in names:
        say("\n".join(["", *row_table()]))
    if not names or "overhead" in names:
        say("\n".join(["", *overhead_table()]))
    if not names:
        write_into(README, "speed", lines)
        write_into(DOCS, "peers", all_peers(results))
    if not names or "scores" in names:
        sets, missing = data_sets()
        comparisons = compare_scores(sets)
        table = score_table(comparisons)
        say("\n".join(["", *table]))
        if missing:
            say(f"{len(missing)} of 7 sets left out: {FOLDER} names no folder with {' or '.join(missing)} below it")
        else:
            write_into(DOCS, "scores", table)
        check_that_none_is_worse(comparisons)


def say(text: str) -> None:
    """Print at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def training_results(workloads: list[Workload]) -> list[StepResult]:
    """Check and time the training steps of every contender."""
    results = []
    with running() as processes:
        for workload in workloads:
            say(f"{workload.name}: checking that all learn the same …")
            check_that_all_learn_the_same(workload, processes)
            say(f"{workload.name}: timing …")
            results.append(measure(workload, processes, rounds=5))
    return results


def full_batch_line() -> list[str]:
    """F, as one line."""
    least = full_batch(rounds=3)
    return [
        f"**F** L-BFGS on 5 000 × 400-25-10, K sigmoids, λ = 1: {least['deltarule'] * 1e3:.2f} ms an iteration, "
        f"scikit-learn {least['scikit-learn'] * 1e3:.1f} ms ({least['scikit-learn'] / least['deltarule']:.1f}×)."
    ]


def sparse_line() -> list[str]:
    """N, as one line."""
    least = sparse_text(rounds=2)
    return [
        f"**N** sparse text, 8 000 × 30 000, 0.3 % of it not 0, 100 hidden units: {least['deltarule']:.2f} s for 3 "
        f"epochs, scikit-learn {least['scikit-learn']:.1f} s ({least['scikit-learn'] / least['deltarule']:.1f}×)."
    ]


def small_gradient_lines() -> list[str]:
    """SC, a line for each dtype."""
    return [
        f"**SC** J and D of 24-8-2 with 200 rows of {dtype}, {SMALL_GRADIENT_OPERATIONS} operations on one core: "
        f"{found.seconds * 1e6:.2f} µs, {found.rate / 1e9:.1f} GFLOP/s, {found.share:.0%} of the library's own product."
        for dtype, found in small_gradient(rounds=20).items()
    ]


def member_lines() -> list[str]:
    """Several networks at once, as lines."""
    lines = []
    for name, most in MEMBER_TARGETS.items():
        ratio = members_against_one(name, rounds=9)
        lines.append(f"{MEMBERS} networks of {name} side by side take {ratio:.2f} times one of them (goal: {most})")
    for way, times in searches(rounds=3).items():
        lines.append(
            f"{way} on the digits, {CORES} processes: {times.ours:.2f} s, with scikit-learn's estimator "
            f"{times.theirs:.1f} s ({times.theirs / times.ours:.0f}×)"
        )
    return lines


def prediction_table() -> list[str]:
    """P, for one row and for 10 000."""
    lines = [
        "| **P** `predict_proba`, 64-32-10, microseconds | deltarule | scikit-learn | PyTorch's bare module |",
        "|---|---|---|---|",
    ]
    for rows in (1, 10_000):
        least = predictions(rows, rounds=15)
        ours = least["deltarule"]
        cells = [f"{least[name] * 1e6:.0f} ({least[name] / ours:.1f}×)" for name in ("scikit-learn", "PyTorch")]
        lines.append(f"| {rows} row{'s' if rows > 1 else ''} | {ours * 1e6:.1f} | {' | '.join(cells)} |")
    return lines


def exported_table() -> list[str]:
    """E, for one row and for 10 000."""
    lines = [
        "| **E** probabilities, 54-256³-7, microseconds | deltarule | its ONNX file in onnxruntime | PyTorch's bare "
        "module | scikit-learn |",
        "|---|---|---|---|---|",
    ]
    for rows in (1, 10_000):
        least = exported_predictions(rows, rounds=300 if rows == 1 else 25)
        ours = least["deltarule"]
        cells = [f"{least[name] * 1e6:.0f} ({least[name] / ours:.1f}×)" for name in ("ONNX", "PyTorch", "scikit-learn")]
        lines.append(f"| {rows} row{'s' if rows > 1 else ''} | {ours * 1e6:.1f} | {' | '.join(cells)} |")
    return lines


def lambda_line() -> str:
    """Return the λ path as one line."""
    times = lambda_path_against_scikit_learn(rounds=3)
    return (
        f"λ path, 10 values × 5 folds on the digits: {times.ours:.2f} s; validation_curve with the same estimator "
        f"{times.our_estimator:.2f} s ({times.our_estimator / times.ours:.1f}×), with scikit-learn's "
        f"{times.scikit_learn:.1f} s ({times.scikit_learn / times.ours:.0f}×)"
    )


def share_lines(results: list[StepResult]) -> list[str]:
    """Share of the machine's arithmetic."""
    lines = [
        f"{result.workload.name}: {result.rate / 1e9:.0f} GFLOP/s, {result.share:.0%} of the library's own product of "
        f"1024³ ({result.product / 1e9:.0f}); one thread {result.one_thread * 1e6:.0f} µs a step"
        for result in results
    ]
    for n_threads, share in product_against_pytorch(rounds=20).items():
        lines.append(f"that product: {share:.0%} of PyTorch's rate on {n_threads} thread{'s' * (n_threads > 1)}")
    return lines


def row_table() -> list[str]:
    """Time and memory of a row as there are more of them."""
    lines = ["| rows of 64-32-10 | threads | ns a row | data, MB | more at the peak, MB |", "|---|---|---|---|---|"]
    for cost in row_costs():
        lines.append(
            f"| {cost.rows} | {cost.n_threads} | {cost.nanoseconds:.0f} | {cost.data_megabytes:.0f} "
            f"| {cost.more_megabytes:.0f} |"
        )
    return lines


def overhead_table() -> list[str]:
    """Fit and prediction of almost nothing."""
    lines = [
        "| 150 × 4, default estimator | deltarule, µs | scikit-learn, µs | ratio | goal |",
        "|---|---|---|---|---|",
    ]
    for name, least in overhead(rounds=20).items():
        ours, theirs = least["deltarule"], least["scikit-learn"]
        cells = [number(seconds * 1e6) for seconds in (ours, theirs)]
        lines.append(f"| `{name}` | {' | '.join(cells)} | {theirs / ours:.1f}× | {TARGETS[name]:.0f}× |")
    return lines


def compare_scores(sets: list[DataSet]) -> list[Comparison]:
    """Train on every data set."""
    comparisons = []
    for data in sets:
        say(f"{data.name}: {SEEDS} splits …")
        comparisons.append(compare(data))
    return comparisons


def score_table(comparisons: list[Comparison]) -> list[str]:
    """Held-out scores."""
    lines = [
        f"Held-out score of the default estimators over {SEEDS} seeds, mean ± standard deviation; difference of the "
        "same seed's scores with its 95 % interval.",
        "",
        "| data | score | deltarule | scikit-learn | difference | | epochs |",
        "|---|---|---|---|---|---|---|",
    ]
    for comparison in comparisons:
        data, (mean, half) = comparison.data, comparison.difference
        scores = [f"{m:.4f} ± {s:.4f}" for m, s in zip(comparison.means, comparison.spreads, strict=True)]
        epochs = " / ".join(f"{n:.0f}" for n in comparison.epochs.mean(axis=1))
        lines.append(
            f"| {data.name}, {data.X.shape[0]} × {data.X.shape[1]} | {'R²' if data.is_regression else 'accuracy'} "
            f"| {' | '.join(scores)} | {mean:+.4f} ± {half:.4f} | {comparison.verdict} | {epochs} |"
        )
    return lines


def write_into(page: Path, what: str, lines: list[str]) -> None:
    """Put tables between two marks of a page."""
    start, end = f"<!-- {what}, printed by make bench -->", f"<!-- end of {what} -->"
    before, rest = page.read_text(encoding="utf-8").split(start)
    _, after = rest.split(end)
    page.write_text(f"{before}{start}\n" + "\n".join(lines) + f"\n{end}{after}", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
