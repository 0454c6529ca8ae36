"""The text that MATLAB's `genFunction` writes for a shallow network: constants, and the steps that use them.

    (x − xoffset)·gain + ymin,  tansig(b1 + IW1_1·x),  …,  b2 + LW2_1·a1,  (y − ymin)/gain + xoffset

Nothing of it is run: constants are read as numbers, and the steps are looked for by name.
"""

import re
from collections.abc import Mapping

import numpy as np

from deltarule.common.arrays import Array
from deltarule.common.errors import ModelFileError
from deltarule.exchange.reading.file import ForeignFile
from deltarule.exchange.reading.foreign import Found
from deltarule.exchange.reading.stages import Activation, Affine, Stage, Weights

__all__ = ["read_matlab"]

UNITS = {"tansig": "tanh", "logsig": "logistic", "purelin": "identity", "poslin": "relu", "softmax": "softmax"}

SCALED = ({"xoffset", "gain", "ymin"}, {"xoffset", "gain", "ymean"})
"""Constants of mapminmax and of mapstd. Both compute (x − xoffset)·gain + the third constant."""

_COMMENT = re.compile(r"%[^\n]*")
_CONTINUED = re.compile(r"\.\.\.[^\n]*\n")
_CONSTANT = re.compile(r"^\s*([A-Za-z]\w*(?:\.\w+)?)\s*=\s*(\[[^\]]*\]|[-+]?[\d.][^;\s]*)\s*;", re.MULTILINE)
_STATEMENT = re.compile(r"=([^;=]*)\b(?:IW|LW)(\d{1,4})_\d{1,4}\b[^;=]*;")
_CALL = re.compile(r"\s*(\w+?)(?:_apply)?\(")
_WIDTH = re.compile(r"(\d{1,7})xQ matrix, input #1|Qx(\d{1,7}) matrix, input #1")
_STEP = re.compile(r"([xy])1_step(\d{1,3})_(\w+)")


def read_matlab(file: ForeignFile) -> Found:
    """Return what the text of a generated function holds.

    Raises
    ------
    ModelFileError
        If it is no such text, or the network is no chain of layers.
    """
    text = _COMMENT.sub("", _CONTINUED.sub(" ", file.text))
    constants = {name.replace(".", "_"): _matrix(value, name) for name, value in _CONSTANT.findall(text)}
    layers = sorted(int(name[1:]) for name in constants if re.fullmatch(r"b\d{1,4}", name))
    if not layers or layers != list(range(1, len(layers) + 1)) or "IW1_1" not in constants:
        raise ModelFileError("it has no b1 and IW1_1: it is not what genFunction writes for a feed-forward network.")
    chain = {f"LW{layer}_{layer - 1}" for layer in layers[1:]} | {"IW1_1"}
    if others := sorted(name for name in constants if re.fullmatch(r"[IL]W\d+_\d+", name) and name not in chain):
        raise ModelFileError(
            f"it has the matrices {', '.join(others[:5])}, which skip layers, lead back, or belong to a second input. "
            "Layers here take what the layer below gives."
        )
    functions = {int(layer): _function(start) for start, layer in _STATEMENT.findall(text)}
    notes: list[str] = []
    stages: list[Stage] = []
    keep = _input_steps(constants, stages, notes)
    for layer in layers:
        name = functions.get(layer, "")
        if name not in UNITS:
            raise ModelFileError(
                f"layer {layer} has {name or 'unknown'} units, which do not exist here. Known are {', '.join(UNITS)}."
            )
        W = constants["IW1_1" if layer == 1 else f"LW{layer}_{layer - 1}"]
        stages += [Weights(W, constants[f"b{layer}"].ravel()), Activation(UNITS[name])]
    _output_steps(constants, stages, notes)
    inputs = constants["IW1_1"].shape[1]
    before = None
    if keep is not None:
        said = _WIDTH.search(file.text)
        width = int(said[1] or said[2]) if said else int(keep.max(initial=0)) + 1
        file.check_room(inputs * width)
        if len(keep) != inputs or keep.min() < 0 or keep.max() >= width:
            raise ModelFileError(f"it keeps {len(keep)} of {width} inputs, but its first matrix takes {inputs}.")
        before = Weights((np.arange(width) == keep[:, np.newaxis]).astype(np.float64), np.zeros(inputs))
        notes.append(f"Inputs that were constant in training have the weight 0: {inputs} of {width} are used.")
        if not said:
            notes.append(f"The text does not say how many inputs there are; {width} are assumed, up to the last used.")
    return Found("MATLAB function", inputs, stages, before=before, notes=tuple(notes))


def _matrix(text: str, name: str) -> Array:
    rows = [row.replace(",", " ").split() for row in re.split(r"[;\n]", text.strip("[] \n"))]
    try:
        return np.array([[float(cell) for cell in row] for row in rows if row], dtype=np.float64, ndmin=2)
    except ValueError:
        raise ModelFileError(f"the constant {name} is no matrix of numbers: {text[:40]!r}.") from None


def _function(start: str) -> str:
    """Return the function that a statement begins with; without one it is linear."""
    called = _CALL.match(start)
    return called[1] if called and called[1] not in ("repmat", "bsxfun") else "purelin"


def _steps(constants: Mapping[str, Array], side: str) -> list[dict[str, Array]]:
    steps: dict[int, dict[str, Array]] = {}
    for name, value in constants.items():
        if (found := _STEP.fullmatch(name)) and found[1] == side:
            steps.setdefault(int(found[2]), {})[found[3]] = value
    return [steps[number] for number in sorted(steps)]


def _input_steps(constants: Mapping[str, Array], stages: list[Stage], notes: list[str]) -> Array | None:
    """Put the scaling of inputs before the network; return which inputs are kept, counted from 0."""
    keep = None
    for place, step in enumerate(_steps(constants, "x")):
        if set(step) in SCALED:
            gain, offset = step["gain"].ravel(), step["xoffset"].ravel()
            (least,) = (step[name].ravel() for name in step if name not in ("gain", "xoffset"))
            stages.append(Affine(gain, least - offset * gain))
            notes.append("The scaling of inputs, (x − xoffset)·gain + ymin, was folded into Θ.")
        elif place == 0 and "keep" in step and set(step) <= {"keep", "remove", "constants"}:
            keep = step["keep"].ravel().astype(np.int64) - 1
        else:
            raise ModelFileError(
                f"it processes inputs with {', '.join(sorted(step))[:80]}. Known are mapminmax, mapstd, and "
                "removeconstantrows before them."
            )
    return keep


def _output_steps(constants: Mapping[str, Array], stages: list[Stage], notes: list[str]) -> None:
    for step in reversed(_steps(constants, "y")):
        if set(step) not in SCALED:
            raise ModelFileError(
                f"it processes outputs with {', '.join(sorted(step))[:80]}. Known are mapminmax and mapstd."
            )
        gain, offset = step["gain"].ravel(), step["xoffset"].ravel()
        (least,) = (step[name].ravel() for name in step if name not in ("gain", "xoffset"))
        stages.append(Affine(1 / gain, offset - least / gain))
        notes.append("The scaling of outputs, (y − ymin)/gain + xoffset, was folded into Θ.")
