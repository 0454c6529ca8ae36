"""The tables of `exported_models.py`, and a home folder of their own for runtimes."""

from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module

import pandas as pd
import pytest

from deltarule.tables import TableEncoder
from exported_models import mixed

with suppress(ImportError):
    import_module("torch")  # before JPMML, whose Java packages answer to torch's `import dill`


@pytest.fixture(scope="session", autouse=True)
def home_of_runtimes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """onnxruntime writes below the home folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        yield


@pytest.fixture(scope="session")
def table() -> pd.DataFrame:
    return mixed(200, seed=0)


@pytest.fixture(scope="session")
def rows() -> pd.DataFrame:
    """Rows that were not trained on, some with unknown words, some of gaps alone, some from before the year 0."""
    rows = mixed(120, seed=1)
    rows.loc[:9, "colour"] = "never seen"
    rows.loc[10:14, "probability"] = ""
    rows.loc[15, ["x", "size (m²)", "day", "seen at", "took", "colour", "probability", "flag"]] = None
    return rows


@pytest.fixture(scope="session")
def encoder(table: pd.DataFrame) -> TableEncoder:
    return TableEncoder.fit(table)
