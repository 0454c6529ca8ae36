"""Calls of the compiled core with arguments that a caller might get wrong. The lists of arguments stand here only."""

import array
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise
from typing import Any

import numpy as np

from deltarule import _native
from deltarule.common.arrays import Array
from deltarule.network.units import OUTPUT_UNITS

__all__ = ["REFUSED", "a_call", "clean_call", "results"]

REFUSED = (TypeError, ValueError, OverflowError, MemoryError)
"""What a wrong argument may raise; anything else, and a crash above all, is a fault."""

Call = tuple[str, Any, dict[str, Any]]
"""Name of an entry point, the object that has it, its arguments."""


def clean_call(entry: str, generator: np.random.Generator) -> Call:
    """Return a call that fits, of any entry point, of a small network."""
    if entry == "Plan":
        return entry, _native, plan_arguments(generator, 4)
    if entry == "Position":
        return entry, _native, {"key": 5, "epoch": 1, "row": 0, "step": 7}
    if entry == "epoch_order":
        rows = int(generator.choice([0, 1, 33]))
        return entry, _native, {"key": 5, "epoch": 0, "out": np.zeros(rows, np.uint32)}
    depth = int(generator.integers(2, 5))
    sizes = [int(generator.choice([1, 2, 3, 7, 16, 17, 33])) for _ in range(depth)]
    output = str(generator.choice(list(OUTPUT_UNITS)))
    if output == "softmax" and sizes[-1] == 1:
        sizes[-1] = 3
    table = _native.hidden_units()
    hidden = [list(table)[generator.integers(len(table))] for _ in sizes[1:-1]]
    engine: dict[str, Any] = {
        "sizes": sizes,
        "hidden": hidden,
        "hidden_numbers": [[0.5] * table[name] for name in hidden],
        "output": output,
        "output_numbers": {"huber": [1.5], "pinball": [(k + 1) / (sizes[-1] + 1) for k in range(sizes[-1])]}.get(
            output, []
        ),
        "dtype": ["float32", "float64"][generator.integers(2)],
        "n_threads": 2,
    }
    if entry == "Engine":
        return entry, _native, engine | _more_of_an_engine(sizes, generator)
    return entry, _native.Engine(**engine), _arguments(entry, sizes, engine["dtype"], generator)


def _more_of_an_engine(sizes: list[int], generator: np.random.Generator) -> dict[str, Any]:
    """Return the arguments that describe learnt units and a first floor, which may be none."""
    learnt = [bool(generator.integers(2)) for _ in sizes[1:-1]]
    inputs = sizes[0]
    floors: list[list[tuple[str, int, int, int, list[list[float]]]]] = [
        [],
        [("keep", inputs, 1, 0, [])],
        [("embedding", 1, inputs, 3, [])],
        [("piecewise", 1, inputs, 0, [[-1.0, 0.5, 2.0]])],
        [("scale", inputs, 1, 0, [])],
    ]
    if inputs > 1:
        floors.append([("periodic", 1, inputs, 4, [])])
    floor = floors[generator.integers(len(floors))]
    return {"learnt": learnt, "floor": floor, "scaled": bool(floor) and bool(generator.integers(2))}


def plan_arguments(generator: np.random.Generator, depth: int) -> dict[str, Any]:
    """Return what a plan for a network of so many layers is made of."""
    adam = bool(generator.integers(2))
    factors = [(1.0, 0.5), (2.0, 0.0)] * (depth - 1)
    return {
        "rule": "adam" if adam else "sgd",
        "numbers": [0.9, 0.999, 1e-8] if adam else [0.9, 1.0],
        "batch_size": int(generator.choice([1, 4, 100])),
        "shuffle": True,
        "lambda_": 0.5,
        "max_norm": [np.inf, 0.5][generator.integers(2)],
        "factors": [None, factors][generator.integers(2)],
    }


def _arguments(entry: str, sizes: list[int], dtype: str, generator: np.random.Generator) -> dict[str, Any]:
    m, n = int(generator.choice([0, 1, 5, 33])), sum(b * (a + 1) for a, b in pairwise(sizes))

    def numbers(*shape: int) -> Array:
        return generator.uniform(0.1, 0.9, shape).astype(dtype)

    def examples() -> dict[str, Any]:
        Y = numbers(m, sizes[-1])
        return {
            "theta": numbers(n) - np.asarray(0.5, dtype),
            "X": numbers(m, sizes[0]),
            "Y": Y / Y.sum(axis=1, keepdims=True),
            "weights": [None, numbers(m)][generator.integers(2)],
        }

    def run() -> dict[str, Any]:
        steps, plan = int(generator.integers(4)), plan_arguments(generator, len(sizes))
        rates = np.zeros((steps, len(sizes)))
        rates[:] = [0.01, 0.1, *[0.5] * (len(sizes) - 2)] if generator.integers(2) else 0.01
        given = examples()
        return {
            "theta": given.pop("theta"),
            "vectors": [np.zeros(n, dtype) for _ in range(2 if plan["rule"] == "adam" else 1)],
            **given,
            "plan": _native.Plan(**plan),
            "position": _native.Position(key=5, epoch=0, row=0, step=0),
            "rates": rates,
            "costs": np.zeros(steps),
            "rows": 40,
            "weight": 50.0,
            "offset": 3,
        }

    if entry == "run":
        return run()
    if entry == "run_members":
        return {"members": [tuple(run().values()) for _ in range(generator.integers(4))]}
    data = examples()
    if entry == "cost":
        return {**data, "lambda_": 0.5, "weight": 20.0}
    if entry == "sums":
        return {**data, "out": np.zeros(n + 1)}
    return {"theta": data["theta"], "X": data["X"], "out": np.zeros((m, sizes[-1]), dtype)}


ENTRIES = (
    "Engine", "cost", "sums", "run", "run_members", "hypothesis_into", "Plan", "Position", "epoch_order"
)  # fmt: skip


def a_call(generator: np.random.Generator) -> tuple[Call, Call, bool]:
    """Return a call that fits, the same with one or two arguments changed, and whether only their form has changed."""
    while True:
        with suppress(MemoryError):  # of a change to 4 TB that another change has made
            return _a_call(generator)


def _a_call(generator: np.random.Generator) -> tuple[Call, Call, bool]:
    entry = ENTRIES[generator.integers(len(ENTRIES))]
    seed = int(generator.integers(2**32))
    clean, changed = (clean_call(entry, np.random.default_rng(seed)) for _ in range(2))
    arguments, only_form = changed[2], True
    for _ in range(generator.integers(1, 3)):
        name = str(generator.choice(list(arguments)))
        value = arguments[name]
        if isinstance(value, np.ndarray) and value.ndim and value.dtype.kind == "f" and generator.random() < 0.5:
            arguments[name] = FORMS[generator.integers(len(FORMS))](value)
            continue
        only_form = False
        if isinstance(arguments[name], list) and arguments[name] and generator.random() < 0.6:
            changes = [*arguments[name]]
            place = int(generator.integers(len(changes)))
            changes[place] = _another(changes[place], arguments, generator)
            arguments[name] = changes
        else:
            arguments[name] = _another(arguments[name], arguments, generator)
    return clean, changed, only_form


def results(call: Call) -> list[bytes]:
    """Make a call and return the bits of what it returned and of what it wrote."""
    entry, owner, arguments = call
    returned = getattr(owner, entry)(**arguments)
    found = []
    written = [arguments[name] for name in ("out", "costs", "theta") if arguments.get(name) is not None]
    written += [one for member in arguments.get("members", ()) for one in (member[0], *member[1], member[8])]
    for value in [*(returned if isinstance(returned, tuple) else (returned,)), *written, *arguments.get("vectors", ())]:
        if isinstance(value, np.ndarray | memoryview | int | float):
            found.append(np.asarray(value).tobytes())
    return found


def _arrays(arguments: dict[str, Any]) -> list[Any]:
    return [
        one
        for value in arguments.values()
        for one in (value if isinstance(value, list) else [value])
        if hasattr(one, "shape") and hasattr(one, "dtype")
    ]


def _unaligned(a: Array) -> Array:
    memory = bytearray(a.nbytes + 1)
    b = np.frombuffer(memory, a.dtype, offset=1, count=a.size).reshape(a.shape)
    b[...] = a
    return b


def _read_only(a: Array) -> Array:
    b = a.copy()
    b.flags.writeable = False
    return b


def _spread(a: Array) -> Array:
    wide = np.zeros((*a.shape[:-1], 2 * a.shape[-1]), a.dtype)
    wide[..., ::2] = a
    return wide[..., ::2]


class _Subclass(np.ndarray[Any, Any]):
    pass


# The same numbers in another form: refused, or the same bits come out.
FORMS: list[Callable[[Any], Any]] = [
    lambda a: a.astype(a.dtype.newbyteorder(">")),
    lambda a: a.astype(a.dtype.newbyteorder("<")),
    lambda a: np.asfortranarray(a),
    lambda a: _spread(a),
    lambda a: np.ascontiguousarray(a[::-1])[::-1],
    lambda a: _unaligned(a),
    lambda a: _read_only(a),
    lambda a: np.broadcast_to(a, (1, *a.shape))[0],
    lambda a: a.view(_Subclass),
    lambda a: a.astype(object),
    lambda a: a.tolist(),
    lambda a: memoryview(a),
    lambda a: np.ma.masked_array(a),
]

_VALUES: list[Any] = [
    None, 0, 1, -1, 2**31, 2**32, 2**62, 2**63, 2**64, -(2**63), 10**30, 0.5, float("nan"), float("inf"), True,
    "", "adam", "\0", "x" * 99, b"", b"12345678", bytearray(8), (), [], {}, [None], [1, 2], np.float64(1), np.int64(3),
    object(), print, np.zeros(0), np.zeros((0, 0)), np.zeros(()), np.zeros(3, np.float32), np.zeros((3, 3), complex),
    np.zeros((2, 2, 2)), np.zeros(5, [("a", "f4"), ("b", "f4")]), np.ones(3, np.float32),
    np.broadcast_to(np.zeros(1), (9, 9)), np.broadcast_to(np.zeros(1, np.float32), (1 << 40,)),
    array.array("d", [1.0, 2.0]), memoryview(b"1234"), [2**31 - 1] * 2, [2**31 - 1] * 5, [3037000499, 1], [2**20] * 3,
    100_000, [1] * 1000,
]  # fmt: skip


def _another(value: Any, arguments: dict[str, Any], generator: np.random.Generator) -> Any:
    """Return another value: of another kind, of another size, or memory that another argument has already."""
    choice = generator.random()
    if isinstance(value, tuple) and value and choice < 0.8:  # a member: one of its arguments
        place = int(generator.integers(len(value)))
        return (*value[:place], _another(value[place], arguments, generator), *value[place + 1 :])
    if isinstance(value, np.ndarray) and value.dtype.kind == "f" and choice < 0.6:
        a: Array = value
        others = [other for other in _arrays(arguments) if other is not value]
        if choice < 0.15 and others:
            return others[generator.integers(len(others))]
        if choice < 0.25:
            with np.errstate(all="ignore"):
                return a.astype(["f2", "f4", "f8", "i4", "i8", "c8", "?", "S4"][generator.integers(8)])
        if choice < 0.35 and a.ndim:
            return a[: len(a) // 2]
        if choice < 0.45:
            return np.concatenate([a.reshape(-1), a.reshape(-1)])
        if choice < 0.5:
            return a.reshape(-1)[:, np.newaxis]
        special = [np.nan, np.inf, -np.inf, 1e300, 1e-310, -1.0, 0.0]
        with np.errstate(all="ignore"):
            return np.full_like(a, special[generator.integers(len(special))])
    return _VALUES[generator.integers(len(_VALUES))]
