"""The files of Parquet that paths stand for, and what the names of their folders say of all rows of a file.

A folder such as `year=2024/country=DE` says two columns more, as Hive, Spark and DuckDB write them: `year`, whole
numbers, and `country`, texts. `__HIVE_DEFAULT_PARTITION__` stands for a gap.
"""

import glob
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow as pa

from deltarule.blocks.sources.source import Reopened
from deltarule.common.errors import InputError
from deltarule.files.patterns import files_below, files_matching, is_pattern

__all__ = ["Keys", "files_of", "with_keys"]

Keys = tuple[tuple[str, str | None], ...]
"""Names and values of the columns that the folders of a file say."""

_GAP = "__HIVE_DEFAULT_PARTITION__"
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_WHOLE = re.compile(r"-?(0|[1-9]\d{0,17})")


def files_of(given: Any) -> list[tuple[Path | Reopened, Keys]]:
    """Return the files that a path, a pattern, a folder or a list of them stands for, in the order of their names.

    Raises
    ------
    InputError
        If there is none, or one does not exist.
    """
    if isinstance(given, Reopened):
        return [(given, ())]
    if isinstance(given, list | tuple):
        return [file for one in given for file in files_of(one)]
    path = Path(given)
    if _ADDRESS.match(str(given)):
        raise InputError(
            f"{given} is an address, and files of this machine are read by their paths. Give a lazy frame, "
            f"polars.scan_parquet({str(given)!r}), or a dataset of Arrow."
        )
    if path.name.lower().removesuffix(".gz").endswith((".csv", ".tsv")):
        raise InputError(
            f"{path} is no Parquet. TableRows.learn(path, target) reads text files part by part, and fit takes their "
            "rows."
        )
    try:
        is_folder = path.is_dir()
    except OSError as error:  # a name that is too long, for one
        raise InputError(f"{str(path)[:100]!r} is no path ({error.strerror}). Give a file of Parquet.") from None
    if is_folder:
        found = [file for file in files_below(path) if file.suffix.lower() == ".parquet"]
        if not found:
            raise InputError(
                f"The folder {path} holds no *.parquet. Give a folder with files of Parquet, or a pattern; "
                "TableRows.learn(path, target) also reads those of text files."
            )
        return [(file, _keys_of(file, path)) for file in found]
    if path.is_file():
        return [(path, ())]
    if is_pattern(path):
        fixed = next(folder for folder in path.parents if not glob.has_magic(str(folder)))
        return [(file, _keys_of(file, fixed)) for file in files_matching(given, InputError)]
    raise InputError(
        f"There is no file {path}. Give a file of Parquet, a folder of them, or a pattern such as *.parquet."
    )


def with_keys(schemas: Sequence[pa.Schema], keys: Sequence[Keys]) -> list[pa.Schema]:
    """Return the schema of each file with the columns that its folders say, unless it holds them itself."""
    values: dict[str, list[str]] = {}
    for of_file in keys:
        for name, value in of_file:
            values.setdefault(name, []).extend([] if value is None else [value])
    types = {
        name: pa.int64() if all(map(_WHOLE.fullmatch, texts)) and texts else pa.string()
        for name, texts in values.items()
    }
    found = []
    for schema, of_file in zip(schemas, keys, strict=True):
        for name, _ in of_file:
            if name not in schema.names:
                schema = schema.append(pa.field(name, types[name]))
        found.append(schema)
    return found


def _keys_of(file: Path, folder: Path) -> Keys:
    pairs = [part.split("=", 1) for part in file.relative_to(folder).parts[:-1] if "=" in part]
    return tuple((unquote(name), None if value == _GAP else unquote(value)) for name, value in pairs)
