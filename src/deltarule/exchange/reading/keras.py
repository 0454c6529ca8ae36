"""Keras models: `.keras` of Keras 3 and 2, and `.h5`.

Order and units come from the configuration, which is JSON; weights from HDF5, where groups are sorted as text. In
`.keras` files a group is named by the class of its layer and a counter; the layer's own name is an attribute.
"""

import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from deltarule.common.arrays import Array
from deltarule.common.errors import ModelFileError
from deltarule.exchange.reading.file import ForeignFile
from deltarule.exchange.reading.foreign import Found
from deltarule.exchange.reading.hdf5 import Node, read_hdf5
from deltarule.exchange.reading.keras_layers import WITH_WEIGHTS, stages_of_layer
from deltarule.exchange.reading.stages import Stage, Weights

__all__ = ["read_h5", "read_keras"]

MODELS = ("Sequential", "Functional", "Model")

PARTS = {
    "Dense": ("kernel", "bias"),
    "BatchNormalization": ("gamma", "beta", "moving_mean", "moving_variance"),
    "Normalization": ("mean", "variance", "count"),
    "PReLU": ("alpha",),
}
"""Names of the numbered weights of a layer."""

DEEPEST = 20

TWO_BYTES = np.dtype("V2")


def read_keras(file: ForeignFile) -> Found:
    """Return what a `.keras` file holds.

    Raises
    ------
    ModelFileError
        If it is damaged, or its layers are no chain of dense ones.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(file.data)) as archive:
            sizes = {info.filename: info.file_size for info in archive.infolist()}
            weights = next((name for name in ("model.weights.h5", "variables.h5") if name in sizes), "")
            if "config.json" not in sizes or not weights:
                raise ModelFileError("it is no .keras file: config.json or model.weights.h5 is not in it.")
            if sizes["config.json"] + sizes[weights] > file.room:
                raise ModelFileError(f"it unpacks to more than {file.room} bytes.")
            config, root = json.loads(archive.read("config.json").decode()), read_hdf5(archive.read(weights))
    except (zipfile.BadZipFile, NotImplementedError, EOFError) as error:
        raise ModelFileError(f"it is a damaged archive ({error}).") from None
    return _found(config, _of_archive(root, config))


def read_h5(file: ForeignFile) -> Found:
    """Return what a model in HDF5 holds, which Keras calls its legacy format.

    Raises
    ------
    ModelFileError
        If it is damaged, has weights alone, or its layers are no chain of dense ones.
    """
    root = read_hdf5(file.data)
    said = root.attributes.get("model_config")
    if not isinstance(said, str):
        raise ModelFileError("it has weights alone, and not how they are used (model_config). Save it by model.save.")
    weights = root.at("model_weights")
    if weights is None:
        raise ModelFileError("it has no weights.")
    config = json.loads(said)
    return _found(config, _of_legacy(weights, config))


def _found(config: Any, weights: Mapping[int, Mapping[str, Array]]) -> Found:
    """Return the network of a configuration, with the weights of each layer by its place."""
    notes: list[str] = []
    stages: list[Stage] = []
    rank, is_flat = 2, False
    for place, (kind, layer) in enumerate(_layers(config)):
        shape = layer.get("batch_shape") or layer.get("batch_input_shape")
        rank = len(shape) if isinstance(shape, list) else rank
        is_flat = is_flat or kind == "Flatten"
        if kind == "Dense" and rank != 2 and not is_flat:
            raise ModelFileError(
                f"it takes an array of {rank - 1} dimensions for each row; networks take one row of numbers."
            )
        stages += stages_of_layer(kind, layer, weights.get(place, {}), notes)
    loss = config.get("compile_config") or {}
    if '"from_logits": true' in json.dumps(loss):
        notes.append("It was trained with from_logits=True: for probabilities, pass output='softmax' or 'sigmoid'.")
    first = next((stage for stage in stages if isinstance(stage, Weights)), None)
    if first is None:
        raise ModelFileError("it has no Dense layer.")
    return Found("Keras model", first.W.shape[1], stages, notes=tuple(dict.fromkeys(notes)))


def _layers(config: Any, depth: int = 0) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield class and configuration of each layer, from the input on; models within models are opened."""
    kind = str(config.get("class_name"))
    if kind not in MODELS or depth > DEEPEST:
        raise ModelFileError(f"it is a {kind[:40]}; Sequential and Functional models are read.")
    inner = config["config"]
    layers = inner if isinstance(inner, list) else inner["layers"]
    for layer in layers if kind == "Sequential" else _in_order(layers):
        if layer["class_name"] in MODELS:
            yield from _layers(layer, depth + 1)
        else:
            yield str(layer["class_name"]), layer["config"]


def _in_order(layers: list[Any]) -> list[Any]:
    """Return the layers of a functional model as a chain."""
    by_name = {_name_of(layer): layer for layer in layers}
    following: dict[str, str] = {}
    first = []
    for name, layer in by_name.items():
        sources = set(_names_in(layer.get("inbound_nodes", []), by_name.keys(), 0))
        if len(sources) > 1 or any(source in following for source in sources):
            raise ModelFileError(
                f"its layers branch at {name[:40]!r}, as skip connections do. Layers here take what the layer below "
                "gives."
            )
        first += [] if sources else [name]
        following.update(dict.fromkeys(sources, name))
    if len(first) != 1:
        raise ModelFileError(f"it has {len(first)} inputs; networks have one.")
    chain = first
    while chain[-1] in following and len(chain) <= len(by_name):
        chain.append(following[chain[-1]])
    return [by_name[name] for name in chain]


def _name_of(layer: Any) -> str:
    return str(layer.get("name") or layer["config"]["name"])


def _names_in(tree: Any, names: Any, depth: int) -> Iterator[str]:
    if depth > DEEPEST:
        raise ModelFileError("its configuration is too deep.")
    if isinstance(tree, str) and tree in names:
        yield tree
    elif isinstance(tree, list | dict):
        for branch in tree.values() if isinstance(tree, dict) else tree:
            yield from _names_in(branch, names, depth + 1)


def _of_archive(root: Node, config: Any) -> dict[int, dict[str, Array]]:
    """Return the weights of each layer, by its place in the order of layers."""
    found: dict[int, dict[str, Array]] = {}
    place = 0

    def walk(node: Node, config: Any) -> None:
        nonlocal place
        groups = node.at("layers") or node.at("_layer_checkpoint_dependencies") or Node()
        inner = config["config"]
        layers = inner if isinstance(inner, list) else inner["layers"]
        counts: dict[str, int] = {}
        of_layer: dict[str, Node] = {}
        for layer in layers:  # the counter follows the order in which layers are listed
            kind = _snake(str(layer["class_name"]))
            n = counts[kind] = counts.get(kind, -1) + 1
            of_layer[_name_of(layer)] = groups.at(f"{kind}_{n}" if n else kind) or Node()
        named = {
            name: group
            for group in groups.children.values()
            if isinstance(name := getattr(group.at("vars"), "attributes", {}).get("name"), str)
        }
        for layer in layers if config["class_name"] == "Sequential" else _in_order(layers):
            name = _name_of(layer)
            group = named.get(name) or of_layer[name]
            if layer["class_name"] in MODELS:
                walk(group, layer)
                continue
            if layer["class_name"] in WITH_WEIGHTS:
                found[place] = _numbered(str(layer["class_name"]), layer["config"], group.at("vars") or Node())
            place += 1

    walk(root, config)
    return found


def _snake(name: str) -> str:
    """Return a class's name as groups are called: BatchNormalization is batch_normalization, PReLU p_re_lu."""
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", name))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def _numbered(kind: str, config: Mapping[str, Any], variables: Node) -> dict[str, Array]:
    parts = list(PARTS[kind])
    if kind == "BatchNormalization":
        parts = [p for p in parts if config.get({"gamma": "scale", "beta": "center"}.get(p, ""), True)]
    numbers = sorted(int(name) for name in variables.children if name.isdigit())
    return {part: _wide(variables.children[str(number)]) for part, number in zip(parts, numbers, strict=False)}


def _of_legacy(weights: Node, config: Any) -> dict[int, dict[str, Array]]:
    """Return the weights of each layer, by its place; those of a model within the model stand in one list."""
    found: dict[int, dict[str, Array]] = {}
    place = 0

    def walk(config: Any, waiting: list[tuple[str, Array]] | None) -> None:
        nonlocal place
        inner = config["config"]
        layers = inner if isinstance(inner, list) else inner["layers"]
        for layer in layers if config["class_name"] == "Sequential" else _in_order(layers):
            name = _name_of(layer)
            own = _listed(weights.at(name)) if waiting is None else waiting
            if layer["class_name"] in MODELS:
                walk(layer, own)
                continue
            if layer["class_name"] in WITH_WEIGHTS:
                parts = PARTS[str(layer["class_name"])]
                mine: dict[str, Array] = {}
                while own and own[0][0] in parts and own[0][0] not in mine:
                    mine.update([own.pop(0)])
                if layer["class_name"] == "Dense" and "kernel" not in mine and own:  # as of LoRA, to be added to it
                    raise ModelFileError(
                        f"the layer {name[:40]!r} has {own[0][0][:40]!r} where its kernel belongs. Save it as .keras."
                    )
                found[place] = mine
            place += 1

    walk(config, None)
    return found


def _listed(group: Node | None) -> list[tuple[str, Array]]:
    names = [] if group is None else group.attributes.get("weight_names")
    if group is None or names is None:
        return []
    listed = []
    for name in list(names):
        node = group.at(str(name))
        if node is None:
            raise ModelFileError(f"the weights {str(name)[:60]!r} are not where it says.")
        listed.append((str(name).rpartition("/")[2].partition(":")[0], _wide(node)))
    return listed


def _wide(node: Node) -> Array:
    if node.data is None:
        raise ModelFileError("weights in it are of a type that is not read.")
    data = np.asarray(node.data)
    if data.dtype == TWO_BYTES:  # HDF5 knows no bfloat16, the upper half of a float32; its type is plain bytes there
        data = (data.view(np.uint16).astype(np.uint32) << 16).view(np.float32)
    return data.astype(np.float64)
