#!/bin/sh
# safetensors.numpy.load does not read what safetensors.numpy.save wrote of a bfloat16 network: KeyError: 'BF16'.
#
# safetensors 0.8.0, ml_dtypes 0.6.0, numpy 2.4.6.
#
# Guess:    load(save(x)) gives x, or save refuses; load and load_file differ by where the bytes come from.
# Seen:     save writes bfloat16, load_file gives it back as ml_dtypes.bfloat16, and load raises KeyError for the same bytes: it looks
#           types up in a table of its own, which lacks this one. So weights that came over the network, or out of a zip file, cannot be
#           read, and those on the disk can. What save writes of float8_e4m3fn neither of them reads.
# Cure:     safetensors.deserialize, and np.frombuffer(entry["data"], ml_dtypes.bfloat16).
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check safetensors==0.8.0 ml_dtypes==0.6.0 numpy==2.4.6
cd "$folder"
"$folder/env/bin/python" - <<'PYTHON'
import sys

import ml_dtypes
import numpy as np
from safetensors import deserialize
from safetensors.numpy import load, load_file, save


def written(name):
    weight = np.array([[1.0, -2.5, 0.125]]).astype(getattr(ml_dtypes, name))
    data = save({"weight": weight})
    with open("net.safetensors", "wb") as file:
        file.write(data)
    return weight, data


def refusal(read, data):
    try:
        return repr(read(data)["weight"])
    except (KeyError, AttributeError) as error:
        return f"{type(error).__name__}: {error}"


weight, data = written("bfloat16")
from_file = load_file("net.safetensors")["weight"]
entry = dict(deserialize(data))["weight"]
cured = np.frombuffer(entry["data"], ml_dtypes.bfloat16).reshape(entry["shape"])
from_bytes = refusal(load, data)
print("bfloat16 from the file", from_file.tolist(), from_file.dtype, "cured", cured.tolist(), "from bytes", from_bytes)
_, data = written("float8_e4m3fn")
eight = refusal(load, data), refusal(load_file, "net.safetensors")
print("float8_e4m3fn", eight)
whole = np.array_equal(from_file, weight) and np.array_equal(cured, weight) and from_file.dtype == weight.dtype
neither = eight[0].startswith("KeyError") and eight[1].startswith("AttributeError")
sys.exit(not (whole and from_bytes == "KeyError: 'BF16'" and neither))
PYTHON
