"""The archives of JSON and numbers in which models and checkpoints are stored. Reading one creates nothing else.

    deltarule.json   the header: kind, format and version of the file, and everything that is not an array. JSON has no
                     non-finite numbers: they are written as {"$float": "inf"}, "-inf" or "nan"
    *.npy            arrays of float32 or float64, as NumPy writes them: `numpy.load(path)["theta"]` opens one

The archive is a zip whose parts are not compressed, so its contents are never larger than the file. It never names a
type, function or class. Reading stops before the contents of a part are used if the part is cut short, has a wrong
checksum, is named twice, is compressed, or states a size that it does not have.
"""

import io
import json
import math
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from deltarule.common.arrays import Array
from deltarule.common.errors import ModelFileError
from deltarule.common.version import __version__

__all__ = ["of_type", "read_archive", "to_bytes"]

T = TypeVar("T")

HEADER = "deltarule.json"

NOT_FINITE = "$float"

_NPY = re.compile(
    rb"\x93NUMPY\x01\x00..\{'descr': '<(f4|f8)', 'fortran_order': False, 'shape': \(([0-9, ]{0,200})\), \} *\n",
    re.DOTALL,
)
"""The only form that `to_bytes` writes; NumPy's own reader accepts many more."""


def to_bytes(kind: str, format_: int, content: Mapping[str, Any], arrays: Mapping[str, Array]) -> bytes:
    """Return the bytes of a whole file.

    Parameters
    ----------
    kind : str
        Kind of the file, such as `"model"`.
    format_ : int
        Number of the format, raised when older versions of this library could not read the file.
    content : mapping
        Values that JSON can write; an entry `deltarule` overrides the version.
    arrays : mapping of str to array
        float32 or float64.

    Raises
    ------
    ModelFileError
        If the content holds what JSON cannot write.
    """
    header = {"kind": kind, "format": format_, "deltarule": __version__, "numpy": np.__version__, **content}
    try:
        text = json.dumps(_tagged(header), indent=1, ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise ModelFileError(f"The {kind} holds what a file does not take ({error}). Keep to plain settings.") from None
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(HEADER, text)
        for name, array in arrays.items():
            part = io.BytesIO()
            np.lib.format.write_array(part, np.asarray(array, f"<f{array.dtype.itemsize}", order="C"), version=(1, 0))
            archive.writestr(f"{name}.npy", part.getvalue())
    return data.getvalue()


def read_archive(path: str | Path, kind: str, format_: int) -> tuple[dict[str, Any], dict[str, Array]]:
    """Return the header and the arrays of a file of the given kind, in a format up to `format_`.

    Raises
    ------
    ModelFileError
        If the file is missing, cut short, damaged, of another kind, or made by a newer version.
    """
    data = _bytes_of(path, kind)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            if HEADER not in archive.namelist():
                raise ModelFileError(
                    f"{path} is an archive of {len(parts)} files, but not a {kind}: it has no {HEADER}. "
                    "Give a file that `deltarule train` made."
                )
            text = _content(archive, archive.getinfo(HEADER), len(data)).decode("utf-8")
            header = json.loads(text, object_hook=_untagged)
            _check_header(path, header, kind, format_)
            if len(set(archive.namelist())) < len(parts) or sum(part.file_size for part in parts) > len(data):
                raise ValueError("its parts overlap")
            arrays = {
                part.filename.removesuffix(".npy"): _array(part.filename, _content(archive, part, len(data)))
                for part in parts
                if part.filename != HEADER
            }
    except (ModelFileError, MemoryError):
        raise
    except Exception as error:  # whatever a damaged archive makes zipfile or json raise
        raise ModelFileError(
            f"{path} is a damaged {kind} file: of its {len(data)} bytes some are wrong or the end is missing "
            f"({error}). Copy it again from where it was whole, or train again."
        ) from None
    return header, arrays


def of_type(kind: type[T], value: Any) -> T:
    """Return a value of a header, if it is exactly of a type.

    Raises
    ------
    TypeError
        If the value is of another type.
    """
    if type(value) is not kind:
        raise TypeError(f"{str(value)[:40]!r} where a value of type {kind.__name__} belongs")
    return value


def _tagged(value: Any) -> Any:
    """Return a value in which non-finite numbers are tagged."""
    if isinstance(value, float) and not math.isfinite(value):
        return {NOT_FINITE: str(float(value))}
    if isinstance(value, Mapping):
        return {name: _tagged(one) for name, one in value.items()}
    return [_tagged(one) for one in value] if isinstance(value, list | tuple) else value


def _untagged(value: dict[str, Any]) -> Any:
    return float(value[NOT_FINITE]) if value.get(NOT_FINITE) in ("inf", "-inf", "nan") else value


def _bytes_of(path: str | Path, kind: str) -> bytes:
    if Path(path).exists() and not Path(path).is_file():  # a device or a pipe may have no end
        raise ModelFileError(f"{path} cannot be read (it is not a file). Give a {kind} file.")
    try:
        with Path(path).open("rb") as file:
            start = file.read(12)
            data = start + file.read() if start[:4] == b"PK\x03\x04" else start
    except FileNotFoundError:
        raise ModelFileError(f"{path} does not exist. Give a file that `deltarule train` made.") from None
    except (OSError, ValueError) as error:
        raise ModelFileError(f"{path} cannot be read ({error}). Give a {kind} file.") from None
    if data[:4] != b"PK\x03\x04":
        came = "is empty" if not data else f"begins with {data!r}"
        raise ModelFileError(f"{path} is not a {kind} file: it {came}. Give a file that `deltarule train` made.")
    return data


def _check_header(path: str | Path, header: Any, kind: str, format_: int) -> None:
    if not isinstance(header, dict) or not isinstance(header.get("format"), int):
        raise ValueError(f"its {HEADER} names no format")
    if header.get("kind", kind) != kind:  # checked before the format, because each kind numbers its own formats
        raise ModelFileError(f"{path} is a {header['kind']}, not a {kind}. Give a {kind} file.")
    made_by = f"{path} was made by deltarule {header.get('deltarule')} in format {header['format']}"
    if header["format"] > format_:
        raise ModelFileError(
            f"{made_by}; this is deltarule {__version__}, which reads formats up to {format_}. "
            "Upgrade: pip install --upgrade deltarule."
        )
    if "kind" not in header:
        raise ModelFileError(f"{made_by}, before the first release, which nothing reads any more. Train it again.")


def _content(archive: zipfile.ZipFile, part: zipfile.ZipInfo, size: int) -> bytes:
    """Return the bytes of a part; zipfile compares its checksum."""
    if part.compress_type != zipfile.ZIP_STORED or part.file_size != part.compress_size or part.file_size > size:
        raise ValueError(f"its part {part.filename!r} is compressed, or says that it is larger than the file")
    return archive.read(part)


def _array(name: str, data: bytes) -> Array:
    header = _NPY.match(data)
    if not header or not name.endswith(".npy") or int.from_bytes(data[8:10], "little") != header.end() - 10:
        raise ValueError(f"its part {name!r} is not an array of float32 or float64")
    dtype = np.dtype(header[1].decode())
    shape = tuple(int(n) for n in header[2].decode().replace(",", " ").split())
    if math.prod(shape) * dtype.itemsize != len(data) - header.end():
        raise ValueError(f"its part {name!r} says the shape {shape}, but has {len(data) - header.end()} bytes of it")
    return np.frombuffer(data, dtype, offset=header.end()).reshape(shape).astype(dtype.newbyteorder("="))
