"""Model files that are chosen or dropped on the page: they come as text, and are read as those of the disk are."""

import base64
import binascii
import tempfile
from pathlib import Path

from deltarule.common.errors import InputError, ModelFileError
from deltarule.play.opening import Opening, open_model
from deltarule.play.requests import Open
from deltarule.play.tabled import read_text

__all__ = ["MOST_MODEL", "open_model_file"]

MOST_MODEL = 8_000_000
"""Most bytes of a model that is dropped on the page."""


def open_model_file(request: Open) -> Opening:
    """Return the model that a request brings, on the rows of the table beside it if there is one.

    Raises
    ------
    InputError, ModelFileError, TableError
        If a scene comes too, if the file is too large, no model or not whole, or if the table does not fit it.
    """
    from deltarule.models.model_file import load

    assert request.model is not None
    name = Path(request.model_name or "").name[:200] or "model.deltarule"
    if request.scene is not None:
        raise InputError("A model and a scene are both something to open. Give one of them.")
    if len(request.model) > 4 * -(-MOST_MODEL // 3):
        raise ModelFileError(
            f"{name} has more than the {MOST_MODEL} bytes that the page takes. Open it by deltarule play {name}."
        )
    try:
        data = base64.b64decode(request.model, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ModelFileError(f"{name} did not arrive whole ({error}). Open it again.") from error
    table = None
    if request.table_text is not None:
        table = read_text(request.table_name or "table.csv", request.table_text)
    with tempfile.TemporaryDirectory(prefix="deltarule-") as folder:
        path = Path(folder) / "model.deltarule"
        path.write_bytes(data)
        try:
            model = load(path)
        except ModelFileError as error:
            raise ModelFileError(str(error).replace(str(path), name)) from error
    return open_model(model, name, table, request.target)
