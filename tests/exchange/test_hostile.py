"""Files that lie, are cut, or are no networks: refused before they cost memory, and nothing of them is run."""

import gzip
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from foreign_examples import EXAMPLES, FILES

import deltarule
from deltarule.common.errors import ModelFileError

ROOT = Path(__file__).parents[2]


def fann_of(sizes: list[int]) -> bytes:
    neurons = "(0, 3, 5e-1) " * sum(sizes)
    head = f"FANN_FLO_2.1\nnum_layers={len(sizes)}\nnetwork_type=0\nlayer_sizes={' '.join(map(str, sizes))} \n"
    return f"{head}neurons (num_inputs, activation_function, activation_steepness)={neurons}\nconnections (a, b)=\n".encode()


def tensor(dims: list[int]) -> bytes:
    """Return an ONNX graph with one initializer of a shape, and no data."""
    body = b"".join(b"\x08" + varint(n) for n in dims) + b"\x10\x0b\x42\x01W"
    graph = b"\x2a" + varint(len(body)) + body
    return b"\x08\x09\x3a" + varint(len(graph)) + graph


def varint(n: int) -> bytes:
    out = b""
    while n > 127:
        out, n = out + bytes([n & 127 | 128]), n >> 7
    return out + bytes([n])


def keras_of(config: object) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("model.weights.h5", bytes(1 << 27))
    return data.getvalue()


def pmml_of(inside: str) -> bytes:
    return f'<PMML version="4.4"><DataDictionary/>{inside}</PMML>'.encode()


HOSTILE = {
    "a small file of very many weights.net": fann_of([20_001, 20_001, 2]),
    "a tensor of 2^60 numbers.onnx": tensor([1 << 30, 1 << 30]),
    "a tensor of negative size.onnx": tensor([(1 << 64) - 1]),
    "an archive that inflates.keras": keras_of({}),
    "a stream that inflates.rds": gzip.compress(b"X\n" + bytes(1 << 27)),
    "a vector of 2^31 numbers.rds": b"X\n\0\0\0\2\0\4\2\0\0\2\3\0\0\0\0\x0e\x7f\xff\xff\xff",
    "lists in lists in lists.rds": b"X\n\0\0\0\2\0\4\2\0\0\2\3\0" + b"\0\0\0\x13\0\0\0\1" * 100_000,
    "entities that multiply.pmml": b'<!DOCTYPE x [<!ENTITY a "aaaa">]><PMML>&a;</PMML>',
    "elements in elements.pmml": b"<PMML>" + b"<a>" * 100_000,
    "an unknown encoding.pmml": b'<?xml version="1.0" encoding="rot13"?><PMML/>',
    "no network.pmml": pmml_of("<TreeModel/>"),
    "a header longer than the file.safetensors": (1 << 60).to_bytes(8, "little") + b"{}",
    "tensors upon one another.safetensors": (119).to_bytes(8, "little")
    + b'{"a":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},"b":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}'.ljust(
        119
    )
    + bytes(8),
    "lists in lists.json": b'{"layer_sizes":' + b"[" * 100_000,
    "indents.yml": b"%YAML:1.0\nlayer_sizes:\n" + b"".join(b" " * n + b"a:\n" for n in range(1, 500)),
    "a pickle.pkl": b"\x80\x04\x95\x0b\0\0\0\0\0\0\0\x8c\x02os\x94.",
    "a Java object.model": b"\xac\xed\x00\x05sr\0\x2eweka",
    "a workspace.mat": b"MATLAB 5.0 MAT-file, Platform: GLNXA64",
    "nothing.onnx": b"",
    "text.txt": b"hello",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_it_is_refused_within_a_few_megabytes(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(HOSTILE[name])
    program = (
        "import resource, sys, deltarule\n"
        "from deltarule.common.errors import ModelFileError\n"
        f"try:\n    deltarule.read_foreign({str(FILES / 'lin.rds')!r}); deltarule.read_foreign({str(FILES / 'sig.net')!r})\n"
        "finally:\n    size = int(open('/proc/self/statm').read().split()[0]) * 4096 + (96 << 20)\n"
        "resource.setrlimit(resource.RLIMIT_AS, (size, size))\n"
        f"try:\n    deltarule.read_foreign({str(path)!r})\nexcept ModelFileError as error:\n    print('refused:', error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.stdout.startswith("refused:"), done.stderr[-2000:]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.file)
def test_a_file_that_is_cut_is_refused_or_says_less(example: object, tmp_path: Path) -> None:
    file = example.file  # type: ignore[attr-defined]
    data = (FILES / file).read_bytes()
    path = tmp_path / file
    for part in (0, 1, 7, 100, len(data) // 2):
        path.write_bytes(data[:part])
        with pytest.raises(ModelFileError):
            deltarule.read_foreign(path, **example.said)  # type: ignore[attr-defined]


def test_weights_beside_an_onnx_file_are_only_taken_from_a_plain_name(tmp_path: Path) -> None:
    location = b"\x0a\x08location\x12\x0c../net.bytes"
    body = b"\x08\x01\x10\x0b\x42\x01W\x70\x01\x6a" + varint(len(location)) + location
    graph = b"\x2a" + varint(len(body)) + body
    (tmp_path / "net.bytes").write_bytes(bytes(8))
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "net.onnx").write_bytes(b"\x08\x09\x3a" + varint(len(graph)) + graph)
    with pytest.raises(ModelFileError, match="no plain name"):
        deltarule.read_foreign(inner / "net.onnx")


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="cannot be read"):
        deltarule.read_foreign(tmp_path / "none.onnx")


def test_damaged_and_forged_files_of_every_kind_are_refused_or_predict() -> None:
    script = ROOT / "torture" / "start.py"
    done = subprocess.run([sys.executable, str(script), "foreign_files", "300", "7"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
