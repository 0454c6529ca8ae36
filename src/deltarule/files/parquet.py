"""Columns written to a file of Parquet part by part: whole or not at all, and in the memory of one part."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from deltarule.files.whole import writing_whole

__all__ = ["check_pyarrow", "write_parquet"]


def check_pyarrow() -> None:
    """Raise ImportError, with the way to get it, if pyarrow is missing."""
    try:
        import pyarrow  # noqa: F401
    except ImportError as error:
        raise ImportError("Parquet takes pyarrow: pip install 'deltarule[cli]'.") from error


def write_parquet(path: str | Path, parts: Iterable[Mapping[str, NDArray[Any]]]) -> int:
    """Write columns that come part by part, each part as a row group, and return the number of rows.

    Parameters
    ----------
    path : str or Path
        The file gets this name when it is whole. An existing file stays as it is if anything goes wrong before.
    parts : iterable of mappings of str to array
        At least one; all with the same columns, of the same types: numbers, booleans or texts.

    Raises
    ------
    OutputError
        If the file cannot be written.
    ImportError
        If pyarrow is missing.
    """
    check_pyarrow()
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows, writer = 0, None
    with writing_whole(path) as file:
        try:
            for part in parts:
                table = pa.table({name: pa.array(values) for name, values in part.items()})
                if writer is None:
                    writer = pq.ParquetWriter(file, table.schema)
                writer.write_table(table)
                rows += table.num_rows
        finally:
            if writer is not None:
                writer.close()
    return rows
