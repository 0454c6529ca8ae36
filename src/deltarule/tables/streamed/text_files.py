"""The text files that a path, a folder, a pattern or a list of them stands for."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deltarule.common.errors import TableError
from deltarule.files.patterns import files_below, files_matching, is_pattern
from deltarule.tables.byte_sources import PARQUET, Piped, text_kind

__all__ = ["TextFiles", "text_files_of"]


@dataclass(frozen=True)
class TextFiles:
    """Text files, one after the other.

    Attributes
    ----------
    files : tuple of Path or Piped
    given : tuple of str
        What was given for them, from the root; it stays the same when a folder gets another file.
    """

    files: tuple[Path | Piped, ...]
    given: tuple[str, ...]


def text_files_of(source: Any) -> TextFiles | None:
    """Return the text files that a source stands for, those of a folder or a pattern in the order of their names.

    Parameters
    ----------
    source : path, list of paths, Piped, or a source of Arrow
        Whether a path stands for a text file is told from its name.

    Returns
    -------
    files : TextFiles or None
        None if the source stands for no text file.

    Raises
    ------
    TableError
        If it stands for text files and others, or for no file.
    """
    several = source if isinstance(source, list | tuple) else [source]
    if not several or not all(isinstance(one, str | Path | Piped) for one in several):
        return None
    files = [file for one in several for file in _files_of(one)]
    texts = [file for file in files if text_kind(file) is not None]
    if not texts:
        return None
    if other := next((file for file in files if text_kind(file) is None), None):
        raise TableError(
            f"{texts[0]} is a text file, but {other} is not. Several files of a table are all CSV and TSV, or all "
            "Parquet: give a pattern that matches one kind, such as '*.csv'."
        )
    return TextFiles(
        tuple(texts), tuple(str(one if isinstance(one, Piped) else Path(one).absolute()) for one in several)
    )


def _files_of(given: str | Path | Piped) -> Sequence[Path | Piped]:
    if isinstance(given, Piped):
        return [given]
    path = Path(given)
    if path.is_dir():
        found = [file for file in files_below(path) if text_kind(file) is not None or file.suffix.lower() in PARQUET]
        if not found:
            raise TableError(
                f"The folder {path} holds no table. Give a folder with files of Parquet, CSV or TSV, or a pattern."
            )
        return found
    return files_matching(given, TableError) if is_pattern(path) else [path]
