"""Tables that would not fit into the memory: whether they would, and `train` and `predict` part by part."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union

import typer

from deltarule.cli.sizes import bytes_of, size_of
from deltarule.files.patterns import is_pattern

if TYPE_CHECKING:
    import pandas as pd

    from deltarule.tables.byte_sources import Piped

__all__ = ["Given", "Larger", "given_table", "in_words", "larger_than_memory", "predict_parts"]

Given = Union[Path, "Piped", Sequence[Path]]
"""What stands for a table: a file, a folder or a pattern of files; standard input; or several files."""

SHARE = 0.5
"""A table may take this share of the free memory, unless --memory says otherwise."""

COPIES = 3
"""How many arrays of 8 bytes a value training in memory makes of a table: the frame, X of all rows, X of a part."""


@dataclass(frozen=True)
class Larger:
    """A table that is read part by part.

    Attributes
    ----------
    why : str
        The notice that says so.
    limit : int
        The bytes that it may take.
    needs : str
        How much it would take; nothing is known of several files.
    """

    why: str
    limit: int
    needs: str = ""


@contextmanager
def given_table(data: Sequence[Path]) -> Iterator[Given]:
    """Return the table that the arguments of a command stand for; what came by standard input is kept until the end.

    Raises
    ------
    typer.BadParameter
        If standard input is one of several, or one of several files does not exist.
    TableError
        If standard input cannot be kept.
    """
    from deltarule.tables.byte_sources import STDIN, piped

    if len(data) > 1:
        if STDIN in data:
            raise typer.BadParameter("- is standard input, a whole table. Give it alone.", param_hint="DATA")
        for path in data:
            if not path.exists() and not is_pattern(path):
                raise typer.BadParameter(
                    f"{path} does not exist. Several names are the files of one table; --output names what is "
                    "written, and --target the column to learn.",
                    param_hint="DATA",
                )
        yield tuple(data)
    elif data[0] == STDIN:
        with piped() as came:
            yield came
    else:
        yield data[0]


def in_words(data: Given) -> str:
    """Return what a table is called in reports.

    >>> in_words(Path("a.csv")), in_words([Path("a.csv"), Path("b.csv"), Path("c.csv")])
    ('a.csv', '3 files, a.csv to c.csv')
    """
    return f"{len(data)} files, {data[0]} to {data[-1]}" if isinstance(data, Sequence) else str(data)


def larger_than_memory(data: Given, memory: str | None) -> Larger | None:
    """Return why a table is read part by part; None if it is read whole.

    Parameters
    ----------
    data : Path, Piped or sequence of Path
        A file of Parquet, CSV or TSV; standard input; or several files, a folder or a pattern of them, which are always
        read part by part.
    memory : str or None
        What `--memory` says.
    """
    limit = int(SHARE * _free_memory()) if memory is None else bytes_of(memory, "--memory")
    several = isinstance(data, Sequence) or (isinstance(data, Path) and (data.is_dir() or is_pattern(data)))
    if not several and isinstance(data, Path) and not data.is_file():
        return None
    from deltarule.blocks.sources import rows_of
    from deltarule.tables.byte_sources import PARQUET, text_kind
    from deltarule.tables.streamed.text_files import text_files_of
    from deltarule.tables.streamed.text_rows import about_text

    if several:
        texts = text_files_of(data)
        of_parquet: Any = rows_of(data) if texts is None else None
        count = len(of_parquet.files if texts is None else texts.files)
        files = "1 file, which is" if count == 1 else f"{count} files, which are"
        stands = f"{in_words(data)}, are" if isinstance(data, Sequence) else f"{data} stands for {files}"
        return Larger(f"{stands} read part by part.", limit)
    assert not isinstance(data, Sequence)
    if text_kind(data) is not None:
        bytes_, m, columns = about_text(data)
        values = m * columns
    elif not isinstance(data, Path) or data.suffix.lower() in PARQUET:
        rows: Any = rows_of(data)
        bytes_, values = rows.bytes, rows.rows * len(rows.schemas[0][1])
    else:
        return None
    needed = bytes_ + COPIES * 8 * values
    if needed <= limit:
        return None
    said = f"than --memory {memory}" if memory is not None else f"than half of what is free ({size_of(2 * limit)})"
    name = str(data)[0].upper() + str(data)[1:] if not isinstance(data, Path) else str(data)
    needs = f"{name} would take about {size_of(needed)} of memory, more {said}"
    return Larger(f"{needs}, and is read part by part.", limit, needs)


def predict_parts(model: Any, data: Given, output: Path | None) -> tuple[int, Sequence[str]]:
    """Predict a table part by part, and write the predictions as they come.

    Parameters
    ----------
    model : TableModel or CommitteeModel
    data : Path, Piped or sequence of Path
    output : Path or None
        None: CSV to stdout.

    Returns
    -------
    rows : int
    notices : sequence of str
    """
    from deltarule.files.parquet import write_parquet
    from deltarule.files.whole import writing_whole

    predicted = _Predicted(model, data)
    suffix = "" if output is None else output.suffix.lower()
    if output is None:
        for n, part in enumerate(predicted):
            typer.echo(part.to_csv(index=False, header=n == 0, lineterminator="\n"), nl=False)
    elif suffix in (".parquet", ".pq"):
        write_parquet(output, ({str(name): part[name].to_numpy() for name in part} for part in predicted))
    else:
        with writing_whole(output) as file:
            for n, part in enumerate(predicted):
                separator = "\t" if suffix == ".tsv" else ","
                text = part.to_csv(index=False, header=n == 0, sep=separator, lineterminator="\n")
                file.write(text.encode())
    return predicted.rows, predicted.notices()


class _Predicted:
    """The predictions of a model for the parts of a table, and what was met in them."""

    def __init__(self, model: Any, data: Given) -> None:
        from deltarule.tables.oddities import Oddities

        self._model, self._data, self._met = model, data, Oddities()
        self.rows = 0

    def __iter__(self) -> Iterator["pd.DataFrame"]:
        from deltarule.tables.streamed.predicting import predicted_parts

        for predictions, oddities in predicted_parts(self._model, self._data):
            self._met.add(oddities)
            self.rows += len(predictions)
            yield predictions

    def notices(self) -> Sequence[str]:
        """Return what differs from the training table."""
        notices: Sequence[str] = self._model.encoder.notices_of(self._met)
        return notices


def _free_memory() -> float:
    """Return the bytes that the system can give: what is free and what it can take from caches, within its limits."""
    free = float("inf")
    with suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                free = 1024 * float(line.split()[1])
    with suppress(OSError, ValueError):  # of a container
        group = Path("/sys/fs/cgroup")
        free = min(free, float((group / "memory.max").read_text()) - float((group / "memory.current").read_text()))
    if free == float("inf") and hasattr(os, "sysconf"):
        with suppress(OSError, ValueError):
            free = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return max(free, 0.0)
