"""Damaged and forged files of other tools: each is refused, or predicts; within 24 MB, 5 s, and without running code.

python torture/start.py foreign_files [tries] [seed]
"""

import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import deltarule
from deltarule import TableClassifier
from deltarule.common.errors import DeltaruleError
from mutations import STRANGE, archive_of, damaged, members
from report import Report, at_most

FILES = Path(__file__).parents[1] / "tests" / "exchange" / "files"

SAID: dict[str, dict[str, Any]] = {
    ".keras": {"labels": [0, 1]},
    ".h5": {"labels": [0, 1]},
    ".safetensors": {"labels": [0, 1], "output": "sigmoid", "activation": "relu"},
    ".txt": {"table": "table.arff"},
}
"""What must be said besides, by the ending of a file."""

HARMLESS = {"open", "object.__getattr__"}
"""Audit events that reading and predicting may cause; `exec`, `import`, `compile` and what starts programs are not."""

NUMBERS = [
    b"0",
    b"-1",
    b"1e308",
    b"nan",
    b"inf",
    b"2147483647",
    b"99999999999",
    b"18446744073709551615",
    b"3",
    b"1e-320",
    b"",
]

_NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?")
_WORD = re.compile(rb"[A-Za-z_]{3,20}")


def forged(data: bytes, generator: np.random.Generator) -> bytes:
    """Return a file in which numbers, words and lines belong elsewhere, or fields of lengths lie."""
    if data.startswith(b"PK"):
        parts = members(data)
        name = str(generator.choice(list(parts)))
        parts[name] = (damaged if generator.random() < 0.5 else forged)(parts[name], generator)
        return archive_of(parts)
    for _ in range(generator.integers(1, 4)):
        choice = generator.integers(6)
        if choice == 0:
            data = _swapped(data, _NUMBER, NUMBERS[generator.integers(len(NUMBERS))], generator)
        elif choice == 1:
            data = _swapped(data, _WORD, str(STRANGE[generator.integers(len(STRANGE))]).encode(), generator)
        elif choice == 2:
            words = _WORD.findall(data) or [b"x"]
            data = _swapped(data, _WORD, words[generator.integers(len(words))], generator)
        elif choice == 3:
            lines = data.split(b"\n")
            first, second = (int(n) for n in generator.integers(len(lines), size=2))
            lines[first] = lines[second]
            data = b"\n".join(lines)
        else:
            size = int(generator.choice([1, 2, 4, 8]))
            place = int(generator.integers(max(len(data) - size, 1)))
            number = int(generator.choice([0, 1, 2, 255, 65535, 2**31 - 1, 2**32 - 1, 2**62])) % (1 << 8 * size)
            new = number.to_bytes(size, "little")
            new = new if generator.random() < 0.5 else new[::-1]
            data = data[:place] + new + data[place + size :]
    return data or b"\0"


def _swapped(data: bytes, pattern: re.Pattern[bytes], new: bytes, generator: np.random.Generator) -> bytes:
    places = [found.span() for found in pattern.finditer(data)]
    if not places:
        return data
    start, end = places[generator.integers(len(places))]
    return data[:start] + new + data[end:]


def own_files(folder: Path) -> dict[Path, bytes]:
    """Return files that this library wrote, by their paths: a model of arrays, and an estimator of tables."""
    X = np.random.default_rng(0).standard_normal((40, 3))
    table = pd.DataFrame(X, columns=["a", "b", "c"]).assign(
        word=pd.Series(["x", "y", None, "größe"] * 10, dtype=object)
    )
    small: dict[str, Any] = {"hidden_layer_sizes": (2,), "random_state": 0}
    models: dict[str, Any] = {
        "own.onnx": deltarule.MLPRegressor(**small, tol=1e3, n_iter_no_change=1).fit(X, X[:, 0]),
        "tables.onnx": deltarule.TableClassifier(2, **small, epochs=2).fit(table, X[:, 0] > 0),
    }
    models["own.safetensors"] = models["own.onnx"]
    for name, model in models.items():
        deltarule.export(model, folder / name)
    return {folder / name: (folder / name).read_bytes() for name in models}


def attempt(path: Path, said: dict[str, Any]) -> bool:
    """Read a file and predict with it; return whether it was read."""
    try:
        imported = deltarule.read_foreign(path, **said)
    except DeltaruleError:
        return False
    estimator = imported.estimator
    X: Any = np.zeros((2, estimator.n_features_in_))
    if isinstance(estimator, TableClassifier):
        names = getattr(estimator, "feature_names_in_", None)
        X = pd.DataFrame([[None] * estimator.n_features_in_] * 2, columns=names)
    if len(estimator.predict(X)) != 2:
        raise AssertionError("not as many predictions as rows")
    str(imported)
    return True


def main(tries: int, seed: int) -> None:
    """Try files drawn from a seed."""
    report = Report("files of other tools, damaged or forged")
    folder = Path(tempfile.mkdtemp())
    wholes = {path: path.read_bytes() for path in sorted(FILES.iterdir()) if path.suffix != ".arff"}
    wholes |= own_files(folder)
    read = 0
    events: list[str] = []
    watching = False

    def hook(event: str, arguments: object) -> None:
        if watching and event not in HARMLESS:
            events.append(event)

    def said_of(path: Path, generator: np.random.Generator | None = None) -> dict[str, Any]:
        said = dict(SAID.get(path.suffix, {}))
        if "table" in said:
            table = (FILES / f"{path.stem.removesuffix('_I').removesuffix('n2').removesuffix('397')}.arff").read_bytes()
            if generator is not None and generator.random() < 0.5:
                table = (damaged if generator.random() < 0.5 else forged)(table, generator)
            (folder / said["table"]).write_bytes(table)
            said["table"] = folder / said["table"]
        return said

    for path in wholes:
        attempt(path, said_of(path))  # so that everything is imported
    sys.addaudithook(hook)
    generator = np.random.default_rng(seed)
    for n in range(tries):
        path = list(wholes)[generator.integers(len(wholes))]
        other = folder / f"net{path.suffix}"
        other.write_bytes((damaged if n % 2 else forged)(wholes[path], generator))
        said = said_of(path, generator)
        events.clear()
        with report.one(f"try {n} of seed {seed}, {path.name}"), at_most(24 << 20, 5), np.errstate(all="ignore"):
            watching = True
            try:
                read += attempt(other, said)
            finally:
                watching = False
        if events:
            report.faults.append(f"try {n} of seed {seed}, {path.name}: events {sorted(set(events))}")
    report.end(f"{read:,} of them still a network")


if __name__ == "__main__":
    main(*(int(argument) for argument in [*sys.argv[1:], "100000", "0"][:2]))
