#!/bin/sh
# polars 2.1.0: to_dummies of an Enum makes columns only for the words that occur, so a network gets another number of inputs.
#
# Guess:    an Enum is a type whose categories are fixed and ordered, and there is one column for each of them, in that order,
#           whatever rows there are.
# Seen:     the rows "high" and "low" of Enum(["low", "mid", "high"]) give v_high and v_low: "mid" is left out and the order is that of
#           the alphabet. The next rows may give three columns, or as many others, which a network takes for the same. A gap adds a
#           column, v_null, that the training rows did not have.
# Cure:     one comparison for each word of dtype.categories, as below.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check polars==2.1.0
cd "$folder"
"$folder/env/bin/python" - <<'PYTHON'
import sys

import polars as pl

kind = pl.Enum(["low", "mid", "high"])
said, cured = [], []
for words in (["high", "low"], ["mid", "low"], ["high", None]):
    frame = pl.DataFrame({"v": pl.Series(words, dtype=kind)})
    said.append(frame.to_dummies().columns)
    each = [(pl.col("v") == word).fill_null(False).cast(pl.UInt8).alias(f"v_{word}") for word in kind.categories]
    cured.append((frame.select(each).columns, frame.select(each).row(0)))
print("to_dummies", said, "cured", cured)
whole = ["v_low", "v_mid", "v_high"]
seen = said == [["v_high", "v_low"], ["v_low", "v_mid"], ["v_high", "v_null"]]
sys.exit(not (seen and cured == [(whole, (0, 0, 1)), (whole, (0, 1, 0)), (whole, (0, 0, 1))]))
PYTHON
