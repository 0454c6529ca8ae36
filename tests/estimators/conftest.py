"""Files of rows, for fits that read them block by block."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from streamed_rows import FEATURES, TABLE


@pytest.fixture
def path(tmp_path: Path) -> Callable[..., str]:
    def write(*columns: str, rows: pd.DataFrame = TABLE, name: str = "rows") -> str:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        for n, first in enumerate(range(0, len(rows), 4000)):
            rows[[*FEATURES, *columns]].iloc[first : first + 4000].to_parquet(folder / f"{n}.parquet", index=False)
        return str(folder / "*.parquet")

    return write
