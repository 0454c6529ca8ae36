"""Batches of Arrow as chunks of X, y and weights."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from deltarule.blocks.sources.source import Asked, Chunk, Coded
from deltarule.common.arrays import Array
from deltarule.common.errors import InputError

__all__ = ["check_numbers", "chunks_of", "float_dtype_of"]


def check_numbers(schema: pa.Schema, names: Iterable[str], where: str) -> None:
    """Raise InputError if a column that must hold numbers holds something else."""
    for name in names:
        kind = schema.field(name).type
        if not _is_number(kind):
            raise InputError(
                f"The column {name!r} of {where} holds {kind}, but the network takes numbers. Encode or drop it first; "
                "`deltarule train` and TableModel encode tables."
            )


def float_dtype_of(schema: pa.Schema, names: Iterable[str]) -> np.dtype[Any]:
    """Return float32 if every column is float32 or narrower, else float64."""
    narrow = all(pa.types.is_float32(kind) or pa.types.is_float16(kind) for kind in map(_type_in(schema), names))
    return np.dtype(np.float32 if narrow else np.float64)


def chunks_of(
    batches: Iterable[pa.RecordBatch],
    features: tuple[str, ...],
    asked: Asked,
    dtype: np.dtype[Any],
    place: Callable[[int], str],
) -> Iterator[Chunk]:
    """Return each batch as X, y and weights; `place` says for messages where a row is."""
    start = 0
    for batch in batches:
        if not batch.num_rows:
            continue

        def column(name: str, batch: pa.RecordBatch = batch, start: int = start) -> Array:
            return _numbers(batch, name, start, place)

        X = np.empty((batch.num_rows, len(features)), dtype)
        with np.errstate(over="ignore"):  # numbers beyond the range become infinite, which is looked for afterwards
            for n, name in enumerate(features):
                X[:, n] = column(name)
        yield Chunk(
            X,
            _target(batch, asked, column, start, place),
            None if asked.weight is None else column(asked.weight),
        )
        start += batch.num_rows


def _target(
    batch: pa.RecordBatch, asked: Asked, column: Callable[[str], Array], start: int, place: Callable[[int], str]
) -> Coded | Array | None:
    if asked.target is None:
        return None
    if not asked.is_coded:
        return np.stack([column(name) for name in asked.targets], axis=1)
    name = asked.targets[0]
    labels = batch.column(name)
    if pa.types.is_dictionary(labels.type):
        labels = labels.dictionary_decode()  # codes may differ between files and between parts of one
    if labels.null_count:
        raise _gap(labels, name, start, place)
    if pa.types.is_floating(labels.type) and pc.any(pc.is_nan(labels)).as_py():
        row = start + int(np.flatnonzero(pc.is_nan(labels).to_numpy(zero_copy_only=False))[0])
        raise InputError(f"The column {name!r} holds NaN in {place(row)}. Leave rows without a label out.")
    if pa.types.is_decimal(labels.type):  # DuckDB's sums of whole numbers are decimals without a fraction
        labels = labels.cast(pa.float64() if labels.type.scale > 0 else pa.int64())
    if not _may_be_labels(labels.type):
        raise InputError(
            f"The column {name!r} holds {labels.type}, which are no labels of classes. Write them as texts."
        )
    coded = labels.dictionary_encode()
    return Coded(_plain(coded.indices), coded.dictionary.to_pylist())


def _may_be_labels(kind: pa.DataType) -> bool:
    types = pa.types
    is_text = types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind)
    return bool(is_text or types.is_boolean(kind) or types.is_integer(kind) or types.is_floating(kind))


def _numbers(batch: pa.RecordBatch, name: str, start: int, place: Callable[[int], str]) -> Array:
    values = batch.column(name)
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if values.null_count:
        raise _gap(values, name, start, place)
    if pa.types.is_decimal(values.type):
        values = values.cast(pa.float64())
    if pa.types.is_boolean(values.type):
        values = values.cast(pa.uint8())
    return _plain(values)


def _plain(values: pa.Array) -> Array:
    """Return numbers without gaps as an array that shares their memory.

    to_numpy() would load pandas, which takes 0.3 s and 35 MB, and is needed for nothing here.
    """
    plain: Array = np.from_dlpack(values)
    return plain


def _gap(values: pa.Array, name: str, start: int, place: Callable[[int], str]) -> InputError:
    row = start + int(np.flatnonzero(values.is_null().to_numpy(zero_copy_only=False))[0])
    return InputError(
        f"The column {name!r} has a gap in {place(row)}. Fill or drop the gaps first; `deltarule train` and TableModel "
        "fill those of features."
    )


def _type_in(schema: pa.Schema) -> Callable[[str], Any]:
    return lambda name: schema.field(name).type


def _is_number(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    tests = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean, pa.types.is_decimal)
    return any(test(kind) for test in tests)
