"""`deltarule.play`: from what one has, a toy, a table, a model or a scene, to a page that is open."""

from pathlib import Path
from typing import Any

import numpy as np

from deltarule.common.errors import InputError
from deltarule.play.hosting import Page
from deltarule.play.opening import Opening, open_model, open_scene, open_table, parse_scene
from deltarule.play.scene import Scene
from deltarule.play.tabled import digest_of_file

__all__ = ["opening_of", "play"]

MOST_SCENE = 4_000_000
"""Most bytes of a scene file that is read."""


def play(
    data: Any = None,
    model: Any = None,
    *,
    target: str | None = None,
    scene: Any = None,
    member: int | None = None,
    port: int = 0,
    browser: bool = True,
) -> Page:
    """Open a page on which a network is watched while it learns, forwards and backwards, with every number.

    Without arguments it begins with scenes to choose from; behind them stand a spiral of three classes and the network
    2-8-8-3, paused at step 0.

    Parameters
    ----------
    data : path, data frame, or pair of arrays (X, y), optional
        Rows to learn from: a CSV, TSV or Parquet file, a frame of pandas or polars, or arrays.
    model : path or fitted model, optional
        A trained model to open, on `data` if they are given.
    target : str, optional
        The column of a table to predict. Default: the last one, which the page says.
    scene : Scene, link, text or path of a scene file, optional
        What to open; a scene of a table takes the table as `data`.
    member : int, optional
        Which network of a model whose networks predict together, from 1. Default: the first one, which the page says.
    port : int, default 0
        Port of this machine; 0 takes any that is free.
    browser : bool, default True
        Whether to open the page in a browser.

    Returns
    -------
    page : Page
        It answers in the background until the program ends: `page.wait()` keeps a script going, `page.close()` ends it.

    Raises
    ------
    TableError, InputError, ModelFileError, SettingsError
        If the data, the model or the scene cannot be opened, or the port is taken.

    Examples
    --------
    >>> from deltarule.play.playing import play
    >>> with play(browser=False) as page:
    ...     page
    Page(2-8-8-3, http://127.0.0.1:...)
    """
    page = Page(opening_of(data, model, target=target, scene=scene, member=member), port)
    if browser:
        page.show()
    return page


def opening_of(
    data: Any = None,
    model: Any = None,
    *,
    target: str | None = None,
    scene: Any = None,
    member: int | None = None,
) -> Opening:
    """Return what `play` opens; see there."""
    if model is not None and scene is not None:
        raise InputError("A model and a scene are both something to open. Give one of them.")
    chosen = None if scene is None else scene if isinstance(scene, Scene) else _scene_of(scene)
    if model is not None:
        name = Path(model).name if isinstance(model, str | Path) else type(model).__name__
        return open_model(_loaded(model), name, None if data is None else _frame(data)[0], target, member)
    if member is not None:
        raise InputError(f"member={member} is for a model whose networks predict together. Give that model too.")
    if data is None and target is not None:
        raise InputError(f"target={target!r} is a column of a table. Give the table too.")
    if data is None:
        return open_scene(Scene() if chosen is None else chosen)
    table, name = _frame(data)
    digest = digest_of_file(Path(data)) if isinstance(data, str | Path) and Path(data).is_file() else ""
    if chosen is not None:
        return open_scene(chosen, table, digest)
    return open_table(table, name, "y" if target is None and isinstance(data, tuple) else target, digest)


def _scene_of(given: Any) -> Scene:
    """Return the scene of a link, of a text, or of a file."""
    text = str(given)
    if not text.lstrip().startswith("{") and "s=" not in text:
        path = Path(text)
        if not path.is_file():
            raise InputError(f"There is no scene file {text[:200]}. Give a file, or a link with #s=….")
        if path.stat().st_size > MOST_SCENE:
            raise InputError(f"{path.name} has more than {MOST_SCENE} bytes, the most of a scene file.")
        text = path.read_text(encoding="utf-8", errors="replace")
    return parse_scene(text)


def _loaded(model: Any) -> Any:
    if not isinstance(model, str | Path):
        return model
    from deltarule.models.model_file import load

    return load(model)


def _frame(data: Any) -> tuple[Any, str]:
    """Return data as a frame, and a name for them."""
    if isinstance(data, str | Path):
        from deltarule.tables.reading import read_table

        return read_table(data), Path(data).name
    if isinstance(data, tuple):
        import pandas as pd

        if len(data) != 2:
            raise InputError(f"A tuple of {len(data)} is not data: give (X, y), a frame, or a file.")
        X, y = np.asarray(data[0]), np.asarray(data[1])
        if X.ndim != 2 or y.shape != X.shape[:1]:
            raise InputError(
                f"X has the shape {X.shape} and y {y.shape}: give rows of features, and a target for each."
            )
        columns = {f"x{j}": X[:, j - 1] for j in range(1, X.shape[1] + 1)}
        return pd.DataFrame({**columns, "y": y}), "arrays"
    return data, "table"
