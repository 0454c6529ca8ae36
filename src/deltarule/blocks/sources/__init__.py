"""Where rows come from: files of Parquet, frames that are not computed yet, `Blocks`, and tables that are encoded."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from deltarule.blocks.blocks import Blocks
from deltarule.blocks.sources.arrow_rows import ArrowRows
from deltarule.blocks.sources.source import Asked, GivenSource, Reopened, Source
from deltarule.common.errors import InputError
from deltarule.common.messages import a

__all__ = [
    "ArrowRows",
    "Asked",
    "Given",
    "GivenSource",
    "Reopened",
    "Source",
    "check_paths",
    "is_dask",
    "is_source",
    "rows_of",
    "source_of",
]

Given = Blocks | GivenSource | Path | Sequence[Path]
"""Sources that type checkers know, besides texts; frames of other libraries are as good."""

_TYPES = (("polars", "LazyFrame"), ("pyarrow", "Dataset"), ("duckdb", "DuckDBPyRelation"))


def is_source(X: object) -> bool:
    """Whether X is read block by block: a path, several paths, `Blocks`, or a frame that is not computed yet.

    No library is loaded to find out.
    """
    if isinstance(X, str | Path | Blocks | GivenSource):
        return True
    if isinstance(X, list | tuple):
        return bool(X) and all(isinstance(one, str | Path) for one in X)
    return _kind_of(X) is not None


def check_paths(X: object) -> None:
    """Raise InputError if X is an empty list where paths belong."""
    if isinstance(X, list | tuple) and not X:
        raise InputError("The list of paths is empty: a pattern may have matched nothing. Give at least one file.")


def is_dask(X: object) -> bool:
    """Whether X is a collection of Dask, which scikit-learn would compute without a word."""
    return type(X).__module__.partition(".")[0] in ("dask", "dask_expr")


def source_of(X: Any, asked: Asked) -> Source:
    """Return the source that X, for which `is_source` holds, stands for.

    Raises
    ------
    InputError
        If the columns do not fit what was asked, or there is no row.
    ImportError
        If pyarrow is missing, which reads Parquet.
    """
    if isinstance(X, Blocks):
        from deltarule.blocks.sources.of_blocks import BlocksSource

        return BlocksSource(X, asked)
    if isinstance(X, GivenSource):
        return X.source_for(asked)
    rows = rows_of(X)
    from deltarule.blocks.sources.number_columns import NumbersOf

    return NumbersOf(rows, asked)


def rows_of(X: Any) -> ArrowRows:
    """Return the raw rows of paths of Parquet files, or of a frame that is not computed yet.

    Raises
    ------
    InputError
        If X is none of these, or files are missing or damaged.
    ImportError
        If pyarrow is missing, which reads Parquet.
    """
    kind = _kind_of(X)
    if kind is None and (isinstance(X, Blocks | GivenSource) or not (is_source(X) or isinstance(X, Reopened))):
        check_paths(X)
        raise InputError(
            f"X is {a(X)}, which is not read part by part. Pass paths of Parquet files, a LazyFrame of polars, a "
            "dataset of Arrow or a relation of DuckDB."
            + (" TableClassifier and TableRegressor take a frame in memory." if hasattr(X, "columns") else "")
        )
    try:
        import pyarrow  # noqa: F401
    except ImportError as error:
        raise ImportError("Reading Parquet takes pyarrow: pip install 'deltarule[cli]'.") from error
    from deltarule.blocks.sources import lazy, parquet

    if kind is None:
        return parquet.ParquetFiles.of(X)
    kinds: dict[str, Callable[[Any], ArrowRows]] = {
        "polars": lazy.PolarsFrame,
        "pyarrow": lazy.ArrowDataset,
        "duckdb": lazy.DuckRelation,
    }
    return kinds[kind](X)


def _kind_of(X: object) -> str | None:
    for one in type(X).__mro__:
        for module, name in _TYPES:
            if one.__name__ == name and one.__module__.lstrip("_").partition(".")[0] == module:
                return module
    return None
