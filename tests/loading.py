"""Model files as tests look at them: with whatever attributes the model in them has."""

from pathlib import Path
from typing import Any

from deltarule.models.model_file import load_table_model


def load(path: str | Path) -> Any:
    """Return the model of a table that a file holds."""
    return load_table_model(path)
