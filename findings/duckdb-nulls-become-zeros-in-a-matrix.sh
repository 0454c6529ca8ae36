#!/bin/sh
# NULL of DuckDB 2.0.1 is 0 to scikit-learn 1.9.1 where columns come by fetchnumpy(): no error, no NaN.
#
# numpy 2.4.6.
#
# Guess:    a missing double is NaN, as in df(), or scikit-learn refuses what it gets, as it refuses NaN.
# Seen:     fetchnumpy() gives masked arrays, and where one has no gap a plain array. scikit-learn reads what lies under the mask,
#           which is 0: the mean of 1000, NULL, 3000 and NULL is 1000, and a network trains on zeros. np.column_stack drops the mask
#           too. nullif(x, -999), which was to take the code of a gap out, so makes a 0 of it.
# Cure:     np.ma.filled(column.astype(float), np.nan).
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check duckdb==2.0.1 scikit-learn==1.9.1 numpy==2.4.6 pandas==3.1.1
cd "$folder"
"$folder/env/bin/python" -W ignore - <<'PYTHON'
import sys

import duckdb
import numpy as np
from sklearn.neural_network import MLPRegressor
from sklearn.preprocessing import StandardScaler

query = "select nullif(x, -999) as x, y from (values (1000.0::double, 1), (-999, 2), (3000, 3), (-999, 4)) t(x, y)"
columns = duckdb.sql(query).fetchnumpy()
x = columns["x"].reshape(-1, 1)
mean = StandardScaler().fit(x).mean_.item()
MLPRegressor(max_iter=2).fit(x, columns["y"])
stacked = np.asarray(np.column_stack(list(columns.values())))[:, 0].tolist()
cured = np.ma.filled(columns["x"].astype(float), np.nan)
frame = duckdb.sql(query).df()["x"].to_numpy()
try:
    MLPRegressor(max_iter=2).fit(cured.reshape(-1, 1), columns["y"])
    refused = False
except ValueError:
    refused = True
print("column", repr(x.ravel()), "mean", mean, "stacked", stacked, "cured", cured, "df()", frame, "NaN refused", refused)
seen = mean == 1000 and stacked == [1000, 0, 3000, 0] and type(columns["y"]) is np.ndarray
sys.exit(not (seen and refused and np.isnan(cured).sum() == 2 and np.isnan(frame).sum() == 2))
PYTHON
