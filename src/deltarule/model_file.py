"""Model files: one file that holds everything to predict, and no code.

    deltarule.json     format, versions, target, settings, seed, held-out figures: read and checked first
    schema.json, *.npy the encoder and the classifier, as skops writes them

A pickle can run any program when it is loaded. Here a type or a way of loading that is not in `TYPES` and `LOADERS`
stops the loading before anything is made. The file is written whole or not at all (`files.py`).
"""

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import deltarule
from deltarule.errors import ModelFileError
from deltarule.estimators.classifier import MLPClassifier
from deltarule.files import write_whole
from deltarule.tables import TableEncoder

__all__ = ["FORMAT", "HeldOut", "Model", "load", "save"]

FORMAT = 1
"""Raised when older versions of this library could not read what is written."""

HEADER = "deltarule.json"

OWN_TYPES = (
    "deltarule.estimators.classifier.MLPClassifier",
    "deltarule.history.History",
    "deltarule.network.Network",
    "deltarule.tables.encoding.TableEncoder",
    "numpy.dtype",
)

TYPES = frozenset(OWN_TYPES) | {
    *(f"builtins.{name}" for name in ("bool", "dict", "float", "int", "list", "NoneType", "slice", "str", "tuple")),
    *(f"numpy.{name}" for name in ("bool", "bool_", "float32", "float64", "int64", "ndarray")),
    "sklearn.compose._column_transformer.ColumnTransformer",
    "sklearn.impute._base.MissingIndicator",
    "sklearn.impute._base.SimpleImputer",
    "sklearn.pipeline.Pipeline",
    "sklearn.preprocessing._data.StandardScaler",
    "sklearn.preprocessing._encoders.OneHotEncoder",
}
"""All that a model is made of."""

LOADERS = frozenset(
    f"{kind}Node" for kind in ("Dict", "DType", "Json", "List", "NdArray", "Object", "Slice", "Tuple", "Type")
)
"""skops's ways of making a value that only fill in data; none of them calls a function that the file names."""


@dataclass(frozen=True)
class HeldOut:
    """On rows that training did not see: how many, the share of right labels, the mean cost without penalty."""

    rows: int
    accuracy: float
    cost: float


@dataclass(frozen=True, eq=False)
class Model:
    """A trained classifier with what it takes to use it on tables.

    Attributes
    ----------
    encoder : TableEncoder
    classifier : MLPClassifier
        Fitted on X of the encoder.
    target : str
        Name of the column that it predicts.
    seed : int
        Of the hold-out, the first weights and the order of the examples.
    settings : mapping
        What training was asked for, as JSON can write it.
    held_out : HeldOut or None
    version : str
        Of the deltarule that trained it.
    """

    encoder: TableEncoder
    classifier: MLPClassifier
    target: str
    seed: int
    settings: Mapping[str, Any] = field(default_factory=dict)
    held_out: HeldOut | None = None
    version: str = deltarule.__version__

    @property
    def as_text(self) -> list[str]:
        """Columns to read as they are written, for `read_table`, so that they compare as in training."""
        classes = self.classifier.classes_
        is_text = classes.dtype.kind in "OU" and not all(_is_number(name) for name in classes)
        return self.encoder.as_text + ([self.target] if is_text else [])


def save(path: str | Path, model: Model) -> None:
    """Write a model to a file; `load` gives it back with the same bits.

    Raises
    ------
    OutputError
        If the file cannot be written.
    ModelFileError
        If the model holds what a model file does not take, such as a generator as `random_state`.
    """
    import sklearn
    import skops.io

    data = io.BytesIO(
        skops.io.dumps(
            {"encoder": model.encoder, "classifier": model.classifier.for_prediction()},
            compression=zipfile.ZIP_DEFLATED,
        )
    )
    header = {
        "format": FORMAT,
        "deltarule": model.version,
        "scikit-learn": sklearn.__version__,
        "numpy": np.__version__,
        "target": model.target,
        "seed": model.seed,
        "settings": dict(model.settings),
        "held_out": None if model.held_out is None else asdict(model.held_out),
    }
    with zipfile.ZipFile(data, "a", zipfile.ZIP_DEFLATED) as archive:
        if strange := _strange(archive):
            raise ModelFileError(
                f"The model holds {strange[0]}, which a model file does not take. Keep to plain settings (a whole "
                "number as random_state), fit again and save."
            )
        archive.writestr(HEADER, json.dumps(header, indent=1, ensure_ascii=False))
    write_whole(path, data.getvalue())


def load(path: str | Path) -> Model:
    """Read a model from a file. Nothing that the file says is run.

    Raises
    ------
    ModelFileError
        If the file is missing, cut short, damaged, not a model, made by a newer format, or holds types that a model
        does not need.
    """
    import skops.io

    try:
        data = Path(path).read_bytes()
    except FileNotFoundError:
        raise ModelFileError(f"{path} does not exist. Give a file that `deltarule train` made.") from None
    except OSError as error:
        raise ModelFileError(f"{path} cannot be read ({error.strerror}). Give a model file.") from None
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            header = _header(path, archive)
            if bad := archive.testzip():
                raise zipfile.BadZipFile(f"its part {bad} does not have its checksum")
            strange = _strange(archive)
    except ModelFileError:
        raise
    except Exception as error:  # whatever a damaged archive makes zipfile, its decompressors or json raise
        raise _damaged(path, data, error) from None
    if strange:
        raise ModelFileError(
            f"{path} holds {', '.join(strange[:3])}, which no model needs and which might run a program. Nothing was "
            "loaded. Take a file from a source that you trust, or train again."
        )
    try:
        parts = skops.io.loads(data, trusted=list(OWN_TYPES))
        encoder, classifier = parts["encoder"], parts["classifier"]
        classifier.network_.roll(classifier.theta_)
        model = Model(
            encoder=encoder,
            classifier=classifier,
            target=str(header["target"]),
            seed=int(header["seed"]),
            settings=dict(header["settings"]),
            held_out=HeldOut(**header["held_out"]) if header["held_out"] else None,
            version=str(header["deltarule"]),
        )
        if not (isinstance(encoder, TableEncoder) and isinstance(classifier, MLPClassifier)):
            raise TypeError(f"an encoder of type {type(encoder).__name__}")
    except Exception as error:  # whatever a damaged or foreign tree makes skops, NumPy or scikit-learn raise
        import sklearn

        raise ModelFileError(
            f"{path} cannot be put together ({type(error).__name__}: {error}). It was made with deltarule "
            f"{header.get('deltarule')} and scikit-learn {header.get('scikit-learn')}; here are deltarule "
            f"{deltarule.__version__} and scikit-learn {sklearn.__version__}. Train it again here."
        ) from error
    return model


def _header(path: str | Path, archive: zipfile.ZipFile) -> dict[str, Any]:
    if HEADER not in archive.namelist():
        raise ModelFileError(
            f"{path} is an archive of {len(archive.namelist())} files, but not a model: it has no {HEADER}. "
            "Give a file that `deltarule train` made."
        )
    header = json.loads(archive.read(HEADER))
    if not isinstance(header, dict) or not isinstance(header.get("format"), int):
        raise ValueError(f"its {HEADER} names no format")
    if header["format"] > FORMAT:
        raise ModelFileError(
            f"{path} was made by deltarule {header.get('deltarule')} in format {header['format']}; this is deltarule "
            f"{deltarule.__version__}, which reads formats up to {FORMAT}. Upgrade: pip install --upgrade deltarule."
        )
    return header


def _damaged(path: str | Path, data: bytes, error: Exception) -> ModelFileError:
    if data[:4] == b"PK\x03\x04":
        return ModelFileError(
            f"{path} is a damaged model file: of its {len(data)} bytes some are wrong or the end is missing ({error}). "
            "Copy it again from where it was whole, or train again."
        )
    came = "is empty" if not data else f"begins with {data[:12]!r}"
    return ModelFileError(f"{path} is not a model file: it {came}. Give a file that `deltarule train` made.")


def _strange(archive: zipfile.ZipFile) -> list[str]:
    """Return the types and loaders in skops's tree that no model needs, sorted."""
    nodes = _nodes(json.loads(archive.read("schema.json")))
    found = set()
    for node in nodes:
        name = f"{node.get('__module__')}.{node.get('__class__')}"
        if name not in TYPES:
            found.add(name)
        if node.get("__loader__") not in LOADERS:
            found.add(f"{name} by {node.get('__loader__')}")
    return sorted(found)


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    if isinstance(tree, dict):
        if tree.keys() & {"__class__", "__module__", "__loader__"}:
            yield tree
        tree = list(tree.values())
    if isinstance(tree, list):
        for branch in tree:
            yield from _nodes(branch)


def _is_number(name: Any) -> bool:
    try:
        float(name)
    except ValueError:
        return False
    return True
