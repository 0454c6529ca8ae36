"""Frames and CSV files of any cells: rows in are rows out, in order, or a TableError says what is wrong.

python torture/start.py tables [tries]
"""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings

from report import Report
from strange_tables import check_file, check_frames, check_labels, files, frames


def main(tries: int) -> None:
    """Try so many of each."""
    report = Report("tables of any cells", 3 * tries)
    path = Path(tempfile.mkdtemp()) / "table.csv"

    def check_text(data: bytes) -> None:
        check_file(path, data)

    trials: list[tuple[Any, Callable[..., None]]] = [
        (frames(), check_frames),
        (frames(), check_labels),
        (files(), check_text),
    ]
    for strategy, check in trials:
        trial: Any = settings(
            max_examples=tries,
            deadline=None,
            database=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        )(given(strategy)(check))  # type: ignore[no-untyped-call]
        try:
            trial()
        except Exception as error:
            report.faults.append("; ".join([f"{check.__name__}: {error!r}", *getattr(error, "__notes__", ())])[:900])
    report.end()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 4000)
