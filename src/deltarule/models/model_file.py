"""Model files: one file that holds everything to predict, and no code.

The file is an archive of JSON and numbers (`archive.py`), so no type or function is ever named in it: what it says is
checked, and then goes into an encoder and a classifier that are made here. What belongs to a machine and not to a model
(`engine`, `n_threads`) is not in it. The file is written whole or not at all (`files.py`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltarule.common.arrays import Array
from deltarule.common.errors import ModelFileError
from deltarule.common.version import __version__
from deltarule.estimators.classifier import MLPClassifier
from deltarule.files.archive import of_type, read_archive, to_bytes
from deltarule.files.whole import write_whole
from deltarule.network.parts import Unit
from deltarule.tables import TableEncoder
from deltarule.tables.encoding import LARGEST, NARROWEST, NUMBERS
from deltarule.tables.reading import is_number
from deltarule.training.settings import SETTINGS
from deltarule.training.stored_history import arrays_of, content_of, history_of

__all__ = ["FORMAT", "HeldOut", "Model", "load", "save"]

FORMAT = 2
"""Raised when older versions of this library could not read what is written. Format 1 came before the first release."""

KINDS = ("number", "date", "category", "boolean")

LABELS = (
    "str",
    "bool",
    "object",
    *(f"{sign}int{n}" for sign in ("", "u") for n in (8, 16, 32, 64)),
    "float32",
    "float64",
)
"""What `classes_` may be made of."""


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
    version: str = __version__

    @property
    def as_text(self) -> list[str]:
        """Columns to read as they are written, for `read_table`, so that they compare as in training."""
        classes = self.classifier.classes_
        is_text = classes.dtype.kind in "OU" and not all(is_number(name) for name in classes)
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
    encoder, classifier = model.encoder, model.classifier
    _classes(_label_type(classifier.classes_), classifier.classes_.tolist())  # what would not be read is not written
    network, history = classifier.network_, classifier.history_
    parameters = {name: value for name, value in classifier.get_params().items() if not _is_of_the_machine(name)}
    content = {
        "deltarule": model.version,
        "target": model.target,
        "seed": model.seed,
        "settings": dict(model.settings),
        "held_out": None if model.held_out is None else asdict(model.held_out),
        "encoder": {name: getattr(encoder, name) for name in ("kinds", "gaps", "categories", "notices")},
        "classifier": {
            "parameters": {name: _tagged(value) for name, value in parameters.items()},
            "features": network.sizes[0],
            "outputs": network.K,
            "output": network.output,
            "classes": {"type": _label_type(classifier.classes_), "values": classifier.classes_.tolist()},
            "several_labels": classifier._several_labels,
            "t": classifier.t_,
            "history": content_of(history),
        },
    }
    arrays = {
        "theta": classifier.theta_,
        **{name: getattr(encoder, name) for name in ("medians", "means", "deviations")},
        **arrays_of(history),
    }
    write_whole(path, to_bytes("model", FORMAT, content, arrays))


def load(path: str | Path) -> Model:
    """Read a model from a file. Nothing that the file says is run.

    Raises
    ------
    ModelFileError
        If the file is missing, cut short, damaged, not a model, made by a newer format, or its parts do not fit each
        other.
    """
    header, arrays = read_archive(path, "model", FORMAT)
    try:
        encoder = _encoder(header["encoder"], arrays)
        classifier = _classifier(header["classifier"], arrays)
        if len(encoder.names) != classifier.n_features_in_:
            raise ValueError(
                f"an encoder that makes {len(encoder.names)} columns, and a network that takes "
                f"{classifier.n_features_in_}"
            )
        held_out = header["held_out"]
        return Model(
            encoder=encoder,
            classifier=classifier,
            target=of_type(str, header["target"]),
            seed=of_type(int, header["seed"]),
            settings=of_type(dict, header["settings"]),
            held_out=None if held_out is None else _held_out(**held_out),
            version=of_type(str, header["deltarule"]),
        )
    except MemoryError:
        raise
    except Exception as error:  # whatever parts of the wrong kind or shape make Python, NumPy or this library raise
        raise ModelFileError(
            f"{path} cannot be put together ({type(error).__name__}: {str(error)[:300]}). It was made with deltarule "
            f"{header.get('deltarule')}; this is deltarule {__version__}. Train it again here."
        ) from error


def _is_of_the_machine(parameter: str) -> bool:
    return parameter in SETTINGS and SETTINGS[parameter].belongs_to == "machine"


def _encoder(content: Any, arrays: Mapping[str, Array]) -> TableEncoder:
    kinds = {name: _one_of(KINDS, kind) for name, kind in of_type(dict, content["kinds"]).items()}
    numbers = [name for name, kind in kinds.items() if kind in NUMBERS]
    words = [name for name in kinds if name not in numbers]
    gaps = tuple(_one_of(numbers, name) for name in _different(content["gaps"]))
    categories = {
        name: tuple(None if value is None else of_type(str, value) for value in _different(values))
        for name, values in of_type(dict, content["categories"]).items()
    }
    if list(categories) != words:
        raise ValueError(f"categories of {list(categories)[:5]}, and columns of words {words[:5]}")
    width = len(numbers) + len(gaps)
    return TableEncoder(
        kinds=kinds,
        medians=_numbers(arrays["medians"], len(numbers), -LARGEST, LARGEST),
        gaps=gaps,
        means=_numbers(arrays["means"], width, -LARGEST, LARGEST),
        deviations=_numbers(arrays["deviations"], width, NARROWEST, np.inf),
        categories=categories,
        notices=tuple(of_type(str, notice) for notice in of_type(list, content["notices"])),
    )


def _classifier(content: Any, arrays: Mapping[str, Array]) -> MLPClassifier:
    classifier = MLPClassifier(
        **{name: _untagged(value) for name, value in of_type(dict, content["parameters"]).items()}
    )
    classifier._settings()
    features, outputs = of_type(int, content["features"]), of_type(int, content["outputs"])
    network = classifier._network(features, outputs, of_type(str, content["output"]))
    classes = _classes(content["classes"]["type"], content["classes"]["values"])
    several = of_type(bool, content["several_labels"])
    expected = 2 if network.K == 1 and not several else network.K
    if len(classes) != expected:
        raise ValueError(f"{len(classes)} labels, and a network {network} for {expected}")
    classifier.classes_, classifier._several_labels, classifier._output = classes, several, network.output
    classifier.n_features_in_ = network.sizes[0]
    theta = _numbers(arrays["theta"], network.n_parameters, -np.inf, np.inf)
    classifier._set_fitted(network, theta, history_of(content["history"], arrays))
    classifier.t_ = of_type(int, content["t"])
    return classifier


def _classes(kind: str, labels: Any) -> NDArray[Any]:
    """Return labels as an array, if they come out of it as they went in and each is larger than the one before."""
    _one_of(LABELS, kind)
    if kind == "str":  # each takes the room of the longest
        lengths = [len(of_type(str, label)) for label in labels]
        if max(lengths) * len(lengths) > 100 * sum(lengths) + 10_000:
            raise ValueError("labels of which one is far longer than the others")
    classes = np.array(labels, dtype=kind)
    plain = all(isinstance(label, str | bool | int | float) for label in labels)
    if (
        not plain
        or classes.ndim != 1
        or repr(classes.tolist()) != repr(labels)
        or not (classes[:-1] < classes[1:]).all()
    ):
        raise ValueError(f"labels that are not rising ones of the type {kind}")
    return classes


def _label_type(classes: NDArray[Any]) -> str:
    return "str" if classes.dtype.kind == "U" else classes.dtype.name


def _held_out(rows: Any, accuracy: Any, cost: Any) -> HeldOut:
    return HeldOut(of_type(int, rows), of_type(float, accuracy), of_type(float, cost))


def _one_of(choices: Iterable[str], value: Any) -> str:
    if value not in choices:
        raise ValueError(f"{str(value)[:40]!r} where one of {', '.join(choices)} belongs")
    return str(value)


def _different(values: Any) -> list[Any]:
    if len(set(of_type(list, values))) < len(values):
        raise ValueError("the same value twice")
    return list(values)


def _numbers(array: Array, n: int, low: float, high: float) -> Array:
    wide = array.astype(np.float64)
    if array.shape != (n,) or not (np.isfinite(wide) & (wide >= low) & (wide <= high)).all():
        raise ValueError(f"an array of shape {array.shape} where {n} finite numbers belong, from {low:g} to {high:g}")
    return array


def _tagged(value: Any) -> Any:
    """Return a parameter as JSON that tells tuples, mappings and units from lists."""
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if isinstance(value, list):
        return [_tagged(one) for one in value]
    if isinstance(value, tuple):
        return {"tuple": [_tagged(one) for one in value]}
    if isinstance(value, dict):
        return {"dict": [[_tagged(key), _tagged(one)] for key, one in value.items()]}
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Unit):
        return {"unit": [value.name, *value.numbers]}
    kind = type(value)
    raise ModelFileError(
        f"The model holds {kind.__module__}.{kind.__qualname__}, which a model file does not take. Keep to plain "
        "settings (a whole number as random_state), fit again and save."
    )


def _untagged(value: Any) -> Any:
    if isinstance(value, list):
        return [_untagged(one) for one in value]
    if isinstance(value, dict):
        ((kind, content),) = value.items()
        if _one_of(("tuple", "dict", "unit"), kind) == "tuple":
            return tuple(_untagged(one) for one in of_type(list, content))
        if kind == "unit":
            return Unit(*of_type(list, content))
        return {_untagged(key): _untagged(one) for key, one in of_type(list, content)}
    return value
