#!/bin/sh
# skl2onnx 1.20.0: OrdinalEncoder(min_frequency=...) of two columns codes the second by the rare words of the first.
#
# scikit-learn 1.9.1, onnxruntime 1.32.0.
#
# Guess:    each column has its own rare words, which share one code; or the conversion is refused, as that of OneHotEncoder with the
#           same settings is ("Infrequent categories are not implemented").
# Seen:     of a, b, c, where a is rare, scikit-learn makes 2, 0, 1, and of x, y, z, where z is rare, 0, 1, 2. The file makes 2, 0, 1 of
#           both, so x is now the rare word. A column alone is right, and so are columns whose rare words stand at the same places, so a
#           test with one column finds nothing.
# Cure:     an encoder for each column, in a ColumnTransformer.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check skl2onnx==1.20.0 scikit-learn==1.9.1 onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6
cd "$folder"
"$folder/env/bin/python" -W ignore - <<'PYTHON'
import sys

import numpy as np
import onnxruntime
from skl2onnx import to_onnx
from skl2onnx.common.data_types import StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

table = np.array([*zip("abbbccc", "xxxyyyz", strict=True)], dtype=object)


def codes(encoder, rows):
    """Return what scikit-learn and the file make of some rows, column by column."""
    kind = StringTensorType([None, rows.shape[1]])
    session = onnxruntime.InferenceSession(to_onnx(encoder, initial_types=[("x", kind)]).SerializeToString())
    return encoder.transform(rows).T.tolist(), session.run(None, {"x": rows})[0].T.tolist()


rows = np.array([*zip("abc", "xyz", strict=True)], dtype=object)
rare = {"min_frequency": 2}
plain = codes(OrdinalEncoder().fit(table), rows)
both = codes(OrdinalEncoder(**rare).fit(table), rows)
alone = codes(OrdinalEncoder(**rare).fit(table[:, 1:]), rows[:, 1:])
each = ColumnTransformer([(str(n), OrdinalEncoder(**rare), [n]) for n in range(2)]).fit(table)
cured = codes(each, rows)
try:
    refused = str(codes(OneHotEncoder(**rare, handle_unknown="infrequent_if_exist", sparse_output=False).fit(table), rows))
except NotImplementedError as error:
    refused = str(error)
print("plain", plain, "both", both, "second alone", alone, "cured", cured, "OneHotEncoder:", refused[:45])
right = plain[0] == plain[1] and alone[0] == alone[1] and cured[0] == cured[1] == both[0] == [[2, 0, 1], [0, 1, 2]]
sys.exit(not (right and both[1] == [[2, 0, 1], [2, 0, 1]] and "not implemented" in refused))
PYTHON
