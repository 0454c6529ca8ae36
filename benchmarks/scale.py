"""Rows that are larger than the memory: what reading them costs, and whether the cost model of a pass predicts.

python benchmarks/scale.py                     all parts at full size: an hour on two quiet cores, 30 GB of disk
python benchmarks/scale.py --share 0.1         a tenth of the rows
python benchmarks/scale.py --part fits         one part, or several; --net, --passes and --workers choose within it
python benchmarks/scale.py --torch PYTHON      also PyTorch, in the environment of another Python

Each measurement is a process of its own, which says how many seconds it took by the clock and of the processors, and
the most memory that it held. On a machine that does other work, the seconds of the processors are what can be compared.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

__all__: list[str] = []

CHUNK = 250_000
"""Rows that are generated and written at a time."""

NETS: dict[str, tuple[int, ...]] = {"28-300⁵-1": (300,) * 5, "28-300²-1": (300,) * 2}
PASSES = {"54-1": (54, (), 2), "64-32-10": (64, (32,), 10)}
"""Features, hidden layers and classes of the nets of full-batch passes."""

PARTS = ["convert", "fits", "torch", "passes", "model"]

TORCH = """
import json, sys, time, resource, numpy as np, torch
rows, layers, threads = int(sys.argv[1]), json.loads(sys.argv[2]), int(sys.argv[3])
torch.set_num_threads(threads); torch.manual_seed(0)
rng = np.random.default_rng(0)
X = torch.from_numpy(rng.standard_normal((rows, 28), dtype=np.float32))
y = (X[:, 0] * X[:, 1] > 0).float()[:, None]
sizes = [28, *layers]
parts = [one for s, t in zip(sizes, layers) for one in (torch.nn.Linear(s, t), torch.nn.Tanh())]
net = torch.nn.Sequential(*parts, torch.nn.Linear(layers[-1], 1))
step, loss = torch.optim.Adam(net.parameters()), torch.nn.BCEWithLogitsLoss()
clock, work = time.perf_counter(), time.process_time()
order = torch.randperm(rows)
for first in range(0, rows, 100):
    at = order[first : first + 100]
    step.zero_grad(); loss(net(X[at]), y[at]).backward(); step.step()
print(json.dumps({"seconds": time.perf_counter() - clock, "cpu": time.process_time() - work,
                  "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3}))
"""


def higgs(rows: int, columns: int = 28, seed: int = 0) -> Iterator[tuple[Any, Any]]:
    """Return rows of the shape of HIGGS, part by part: label 1 where two products and a square say so, with noise."""
    for n, first in enumerate(range(0, rows, CHUNK)):
        rng = np.random.default_rng([seed, n])
        count = min(CHUNK, rows - first)
        X = rng.standard_normal((count, columns), dtype=np.float32)
        z = X[:, 0] * X[:, 1] + X[:, 2] * X[:, 3] - X[:, 4] ** 2 + rng.standard_normal(count, dtype=np.float32)
        yield X, (z > -1).astype(np.int8)


def write(path: Path, rows: int, columns: int) -> None:
    """Write such rows to a file of Parquet, unless it is there."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if path.exists():
        return
    writer = None
    for X, y in higgs(rows, columns):
        table = pa.table({**{f"x{k}": column for k, column in enumerate(X.T)}, "y": y})
        writer = writer or pq.ParquetWriter(path, table.schema, compression="none")
        writer.write_table(table)
    assert writer is not None
    writer.close()


def measured(work: Callable[[], Any]) -> dict[str, Any]:
    """Return the seconds of a piece of work, by the clock and of the processors, and the most memory of the process."""
    clock, cpu = time.perf_counter(), time.process_time()
    found = work() or {}
    return {
        "seconds": time.perf_counter() - clock,
        "cpu": time.process_time() - cpu,
        "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3,
        **found,
    }


def check_compiled() -> None:
    """Refuse to measure the reference engine, which is many times slower, in place of the compiled core."""
    from deltarule import Network
    from deltarule.engines import engine_for

    with engine_for(Network((2, 1), "tanh", "sigmoid"), "native"):
        pass


def convert(given: dict[str, Any]) -> dict[str, Any]:
    """Convert a file of Parquet."""
    from deltarule.blocks.cache import converted
    from deltarule.blocks.sources import Asked, source_of

    source = source_of(given["path"], Asked("y", is_coded=True))
    return measured(lambda: converted(source, np.dtype(np.float32), given["mixes"]).close())


def fit(given: dict[str, Any]) -> dict[str, Any]:
    """Train one epoch, from the file or from arrays in memory."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning

    from deltarule import MLPClassifier

    warnings.simplefilter("ignore", ConvergenceWarning)
    check_compiled()
    clf = MLPClassifier(
        NETS[given["net"]], activation="tanh", batch_size=100, max_iter=1, random_state=0, n_threads=given["threads"]
    )
    if given["from"] == "file":
        return measured(lambda: clf.fit(given["path"], "y") and {"cost": clf.loss_})
    parts = list(higgs(given["rows"]))
    X, y = (np.concatenate([part[n] for part in parts]) for n in range(2))
    del parts
    return measured(lambda: clf.fit(X, y) and {"cost": clf.loss_})


def passes(given: dict[str, Any]) -> dict[str, Any]:
    """Measure J and D of all rows out of core, reading the same file alone, and the same in memory if asked for."""
    from contextlib import ExitStack

    from deltarule import Blocks, Network
    from deltarule.blocks.cache import converted
    from deltarule.blocks.sources import Asked, source_of
    from deltarule.blocks.stored_rows import StoredRows
    from deltarule.blocks.streaming import StreamingEngine
    from deltarule.engines import engine_for
    from deltarule.network.data import TrainingSet

    features, hidden, classes = PASSES[given["net"]]
    rows, threads = given["rows"], given["threads"]
    check_compiled()
    outputs = 1 if classes == 2 else classes
    network = Network((features, *hidden, outputs), "tanh", "sigmoid" if classes == 2 else "softmax")
    table = np.eye(classes, dtype=np.float32)[:, -outputs:]
    theta = network.first_theta(np.random.default_rng(0)).astype(np.float32)
    lengths = [min(CHUNK, rows - first) for first in range(0, rows, CHUNK)]

    def load(n: int) -> Any:
        rng = np.random.default_rng([1, n])
        X = rng.standard_normal((lengths[n], features), dtype=np.float32)
        return X, rng.integers(0, classes, lengths[n], dtype=np.int8)

    found: dict[str, Any] = {}
    with ExitStack() as held:
        file = converted(source_of(Blocks.from_function(load, lengths), Asked(is_coded=True)), theta.dtype, False)
        of_codes = table[np.array(file.facts.values)]  # codes are in the order of their first rows
        stored = StoredRows(file, lambda codes: of_codes[codes[:, 0]], None, outputs, file.digest)
        held.callback(stored.close)
        data = stored.training_set(float(rows))
        engine = StreamingEngine(engine_for(network, n_threads=threads))
        found["bytes"] = file.facts.starts[-1]
        memory: Any = np.empty(32 << 20, np.uint8)

        def read_alone() -> None:
            # By its own offset, because the thread of the last pass has begun to read for a next one.
            at, descriptor = 0, file._file.fileno()
            while at < file.facts.starts[-1]:
                at += os.preadv(descriptor, [memory], at)

        turns: dict[str, list[dict[str, Any]]] = {"out of core": [], "readinto": []}
        sums = []
        for _ in range(given["turns"]):
            turns["readinto"].append(measured(read_alone))
            turns["out of core"].append(measured(lambda: sums.append(engine.cost_and_gradient(theta, data, 0.0))))
        found["mb of a pass"] = turns["out of core"][-1]["mb"]
        if given["in memory"]:
            parts = [load(n) for n in range(len(lengths))]
            X, y = (np.concatenate([part[n] for part in parts]) for n in range(2))
            del parts
            in_memory = TrainingSet.of(network, X, table[y], dtype=theta.dtype)
            turns["in memory"] = [
                measured(lambda: sums.append(engine.inner.cost_and_gradient(theta, in_memory, 0.0)))
                for _ in range(given["turns"])
            ]
            assert sums[0][0] == sums[-1][0], "the same cost, to the bit"
            assert (sums[0][1] == sums[-1][1]).all(), "the same gradient, to the bit"
        for name, each in turns.items():
            found[name] = {key: min(one[key] for one in each) for key in ("seconds", "cpu")}
    return found


def model(given: dict[str, Any]) -> dict[str, Any]:
    """Measure passes of J and D on a cluster of this machine, as fits make them, and predict the largest one.

    T(W) = T₀ + m/(W r), with W workers of one thread and P = 4 W spans. T₀, a pass over spans of one row, is what the
    scheduler, the parameters and the sums of the spans cost; it is measured, and beside it stands what its parts say:
    L₀ + τ (P + 2) + α + β · bytes, from tasks that do nothing. The rate r is fitted on the sizes before the last, by
    least squares, and the last is predicted before it is measured: in seconds by the clock, and of all processors,
    which other work on the machine changes less. Passes over fewer rows are measured more often, because what is off
    there counts ten times in the prediction.
    """
    from distributed import Client, LocalCluster

    from deltarule import Network
    from deltarule.cluster.tasks import Work, leaf

    start_cluster: Any = LocalCluster
    connect: Any = Client

    workers, features = given["workers"], PASSES[given["net"]][0]
    pieces = 4 * workers
    network = Network((features, 1), "tanh", "sigmoid")
    task, theta = partial(leaf, Work(network, "native", 1)), np.zeros(1 + features, np.float32)
    found: dict[str, Any] = {}
    with (
        start_cluster(
            n_workers=workers, threads_per_worker=1, processes=True, memory_limit=0, dashboard_address=None
        ) as local,
        connect(local) as client,
    ):
        client.gather(client.map(_nothing, range(64), pure=False))  # workers have started
        found["L0"] = min(_seconds(lambda: client.submit(_nothing, 0, pure=False).result()) for _ in range(30))
        counts = [16, 64, 256, 1024]
        of_tasks = [min(_seconds(partial(_gathered, client, count)) for _ in range(4)) for count in counts]
        found["tau"] = float(np.polyfit(counts, of_tasks, 1)[0])
        lengths = [1_000, 100_000, 1_000_000, 10_000_000]
        of_bytes = [min(_seconds(partial(_fetched, client, length)) for _ in range(5)) for length in lengths]
        slope, start = np.polyfit(lengths, of_bytes, 1)
        found["alpha"], found["beta"] = max(0.0, float(start) - found["L0"]), float(slope)
        found["T0 by its parts"] = found["L0"] + found["tau"] * (pieces + 2) + found["alpha"]
        found["T0 by its parts"] += found["beta"] * 8 * len(theta) * pieces
        sizes = [pieces, *given["sizes"]]
        passes = _passes(client, task, theta, sizes[:-1], pieces, 6 * given["turns"])
        found["predicted"] = {
            unit: _extrapolated(sizes[:-1], [one[unit] for one in passes], sizes[-1]) for unit in ("seconds", "cpu")
        }
        print("predicted", json.dumps(found["predicted"]), file=sys.stderr, flush=True)
        passes += _passes(client, task, theta, sizes[-1:], pieces, given["turns"])
    found["measured"] = {str(size): one for size, one in zip(sizes, passes, strict=True)}
    found["off"] = {unit: found["predicted"][unit] / passes[-1][unit] - 1 for unit in ("seconds", "cpu")}
    return found


def _passes(client: Any, task: Any, theta: Any, sizes: list[int], pieces: int, turns: int) -> list[dict[str, float]]:
    """Return the least seconds of passes over each size, in turn: the first hundred passes of a cluster are slower."""
    from deltarule.cluster.dask import DaskCluster
    from deltarule.cluster.protocol import Call

    clusters, placed = [DaskCluster(client) for _ in sizes], []
    for cluster, size in zip(clusters, sizes, strict=True):
        calls = [Call("span", n, partial(_span, n, size // pieces, len(theta) - 1)) for n in range(pieces)]
        placed.append(cluster.place(calls, ["rows"] * pieces, resident=True))
    least = [{"seconds": np.inf, "cpu": np.inf} for _ in sizes]
    for _ in range(turns):
        for cluster, spans, best in zip(clusters, placed, least, strict=True):
            work, clock = _work_of(client), time.perf_counter()
            assert np.isfinite(cluster.sum(task, theta, spans)).all()
            took = {"seconds": time.perf_counter() - clock, "cpu": _work_of(client) - work}
            best.update({unit: min(best[unit], took[unit]) for unit in best})
    for cluster in clusters:
        cluster.close()
    return least


def _extrapolated(sizes: list[int], times: list[float], size: int) -> float:
    """Return T₀ + m/r for a size, with T₀ the first time and the rate by least squares of the others."""
    rows, more = np.array(sizes[1:], np.float64), np.array(times[1:]) - times[0]
    return float(times[0] + size * (rows @ more) / (rows @ rows))


def _work_of(client: Any) -> float:
    """Return the seconds of processors that this process, with the scheduler in it, and all workers have used."""
    workers: list[float] = list(client.run(time.process_time).values())
    return time.process_time() + sum(workers)


def _gathered(client: Any, count: int) -> None:
    client.gather(client.map(_nothing, range(count), pure=False))


def _fetched(client: Any, length: int) -> None:
    client.submit(_bytes, length, pure=False).result()


def _nothing(n: int) -> int:
    return n


def _bytes(length: int) -> bytes:
    return bytes(length)


def _span(n: int, rows: int, features: int) -> Any:
    from deltarule.cluster.spans import Span

    rng = np.random.default_rng([2, n])
    X = rng.standard_normal((rows, features), dtype=np.float32)
    return Span(X, rng.integers(0, 2, (rows, 1)).astype(np.float32), None, None)


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


WORKS = {"convert": convert, "fit": fit, "passes": passes, "model": model}


def run(name: str, **given: Any) -> dict[str, Any]:
    """Measure in a process of its own, and print what it found, and how long all of it took."""
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, __file__, "--work", name, json.dumps(given)], check=True, stdout=subprocess.PIPE, text=True
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    told = {key: value for key, value in given.items() if key != "path"}
    print(name, told, json.dumps(found), f"({time.perf_counter() - began:.0f} s)", flush=True)
    return found


def all_parts(given: argparse.Namespace, folder: Path) -> None:
    """Measure the parts that are asked for."""
    parts, share, threads, torch = given.part or PARTS, given.share, given.threads, given.torch
    nets, of_passes, counts = given.net or list(NETS), given.passes or list(PASSES), given.workers or [1, 2]
    million = max(100_000, int(1_000_000 * share))
    if "convert" in parts:
        path, rows = folder / "ten.parquet", 3 * million
        write(path, rows, 10)
        for mixes in (True, False):
            found = run("convert", path=str(path), mixes=mixes)
            print(
                f"  {rows / found['seconds'] / 1e6:.2f} million rows/s, {rows / found['cpu'] / 1e6:.2f} a core-second"
            )
            for kept in folder.glob("cache/*.rows"):
                kept.unlink()
        path.unlink()
    if "fits" in parts:
        path = folder / "higgs.parquet"
        write(path, million, 28)
        for net in nets:
            costs = {}
            for source in ("file", "file", "memory"):  # converted by the first
                told = {"from": source, "net": net, "rows": million, "path": str(path), "threads": threads}
                costs[source] = run("fit", **told)["cost"]
            assert abs(costs["file"] - costs["memory"]) < 0.1, "an epoch learns as much from the file"
            for kept in folder.glob("cache/*.rows"):
                kept.unlink()
        path.unlink()
    if "torch" in parts and torch is not None:
        rows = max(2_000, int(20_000 * share))
        for net in nets:
            layers = NETS[net]
            arguments = [torch, "-c", TORCH, str(rows), json.dumps(layers), str(threads)]
            done = subprocess.run(arguments, check=True, capture_output=True, text=True)
            print("PyTorch", net, rows, done.stdout.strip(), flush=True)
            run("fit", **{"from": "memory", "net": net, "rows": rows, "path": "", "threads": threads})
    if "passes" in parts:
        for net in of_passes:
            run("passes", **{"net": net, "rows": 10 * million, "threads": threads, "turns": 8, "in memory": True})
    if "model" in parts:
        for workers in counts:
            sizes = [10 * million // 100, 10 * million // 10, 10 * million]
            run("model", net="54-1", sizes=sizes, workers=workers, turns=5)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--torch")
    parser.add_argument("--part", action="append", choices=PARTS)
    parser.add_argument("--net", action="append", choices=list(NETS), help="of the fits; default: all")
    parser.add_argument("--passes", action="append", choices=list(PASSES), help="nets of the passes; default: all")
    parser.add_argument("--workers", action="append", type=int, help="of the cost model; default: 1 and 2")
    parser.add_argument("--work", nargs=2)
    given = parser.parse_args()
    if given.work:
        print(json.dumps(WORKS[given.work[0]](json.loads(given.work[1]))))
        return
    with tempfile.TemporaryDirectory(prefix="deltarule-scale-") as folder:
        os.environ["DELTARULE_CACHE"] = str(Path(folder) / "cache")
        all_parts(given, Path(folder))


if __name__ == "__main__":
    main()
