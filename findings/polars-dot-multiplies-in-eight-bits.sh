#!/bin/sh
# polars 2.1.0: dot of two Int8 columns is declared Int64 and computed in 8 bits: 100 * 100 + 100 * 100 is 32.
#
# Guess:    20000. The schema says Int64 before anything is computed, and sum() of an Int8 column is Int64 too, and right.
# Seen:     each product wraps round in the type of the columns, and only their sum is wide: 32 for Int8, 33920 instead of 2000000
#           for Int16, 2 instead of 130050 for UInt8, which is what images are made of. Series.dot is the same. So a layer of a
#           quantised network, rows of int8 times weights of int8, is wrong without a word.
# Cure:     cast one side first: pl.col("x").cast(pl.Int32).dot(pl.col("w")).
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check polars==2.1.0
cd "$folder"
"$folder/env/bin/python" - <<'PYTHON'
import sys

import polars as pl

said, right = {}, {}
for kind, value in ((pl.Int8, 100), (pl.UInt8, 255), (pl.Int16, 1000)):
    frame = pl.DataFrame({"x": [value] * 2, "w": [value] * 2}, schema={"x": kind, "w": kind})
    wide = pl.col("x").cast(pl.Int32).dot(pl.col("w"))
    one = frame.lazy().select(dot=pl.col("x").dot(pl.col("w")), total=pl.col("x").sum(), cured=wide)
    assert one.collect_schema()["dot"] == pl.Int64
    found = one.collect().row(0)
    said[str(kind)] = found[0], frame["x"].dot(frame["w"])
    right[str(kind)] = found[1:] == (2 * value, 2 * value**2)
print("dot", said, "sum and cure are right", right)
sys.exit(not (said == {"Int8": (32, 32), "UInt8": (2, 2), "Int16": (33920, 33920)} and all(right.values())))
PYTHON
