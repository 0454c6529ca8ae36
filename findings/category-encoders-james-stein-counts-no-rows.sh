#!/bin/sh
# category_encoders 2.11.2: JamesSteinEncoder trusts one row wholly and a hundred thousand rows by half.
#
# Guess: the default model is "independent", of which the documentation says that variances are replaced by squared standard errors,
#        var(y)/count(y), "which penalize small observation counts": a rare category comes near the mean of all, a common one stays.
# Seen:  the variances are not divided by the counts. A category of one row gets its own target to the last bit, since a variance of one
#        row is taken for 0; so do rows that agree. A category of 100 000 rows with a mean of 1, where that of all is 0.2, gets 0.64,
#        and one of 10 rows with the same mean and spread gets 0.62. A column of names of customers hands over the target as soon
#        as one customer comes twice; if none does, all get the mean.
# Cure:  MEstimateEncoder, or TargetEncoder with min_samples_leaf and smoothing.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.6 pandas==3.1.1 scikit-learn==1.9.1 category-encoders==2.11.2
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import sys

import numpy as np
import pandas as pd
from category_encoders import JamesSteinEncoder

spread = np.array([-3.0, 3.0] * 5)
parts = {"common": np.tile(spread + 1, 10_000), "few": spread + 1, "one": np.array([7.0])}
parts |= {f"other {number}": np.tile(spread, 2_000) for number in range(20)}
table = pd.DataFrame({"name": np.repeat(list(parts), [len(part) for part in parts.values()])})
target = pd.Series(np.concatenate(list(parts.values())))
encoded = JamesSteinEncoder(cols=["name"]).fit(table, target).transform(table)["name"]
said = {name: float(encoded[(table["name"] == name).idxmax()]) for name in ("common", "few", "one")}
print("mean of all", round(float(target.mean()), 3), "encoded", {name: round(value, 3) for name, value in said.items()})

noise = pd.Series(np.random.default_rng(0).standard_normal(1000))
numbers = np.arange(1000)
once = pd.DataFrame({"customer": numbers.astype(str)})
twice = pd.DataFrame({"customer": np.where(numbers == 999, 0, numbers).astype(str)})
leaks = []
for column in (once, twice):
    values = JamesSteinEncoder(cols=["customer"]).fit(column, noise).transform(column)["customer"]
    leaks.append(int((values == noise).sum()))
print("rows of 1000 that carry their target: no customer twice", leaks[0], "one twice", leaks[1])
sys.exit(not (said["one"] == 7.0 and abs(said["common"] - said["few"]) < 0.05 and said["common"] < 0.7 and leaks == [0, 998]))
PYTHON
