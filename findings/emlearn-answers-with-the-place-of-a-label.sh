#!/bin/sh
# emlearn 0.23.2: a converted classifier of the labels 5, 15 and 25 predicts 0, 1 and 2, and one of texts too.
#
# scikit-learn 1.9.1, and a C compiler.
#
# Guess:    predict gives what predict of scikit-learn gives, or the C code has a list of the labels, or labels other than 0, 1, 2 are
#           refused.
# Seen:     the places of the labels in classes_, and the labels stand nowhere in the C code. accuracy_score of the converted network is
#           0.0 for labels that begin at 1. For the labels -1 and 1 it is a third here, the share of the rows with 1, which looks like a
#           bad conversion and not like another question.
# Cure:     classes_[converted.predict(X)], and the list of labels beside the code.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check emlearn==0.23.2 scikit-learn==1.9.1 numpy==2.4.6 setuptools
cd "$folder"
"$folder/env/bin/python" -W ignore - <<'PYTHON'
import sys
from pathlib import Path

import emlearn
import numpy as np
from sklearn.datasets import load_iris
from sklearn.neural_network import MLPClassifier

X, y = load_iris(return_X_y=True)
texts = np.array(["setosa", "versicolor", "virginica"])[y]
agree, cured = {}, {}
for name, labels in {"0, 1, 2": y, "1, 2, 3": y + 1, "5, 15, 25": 10 * y + 5, "-1, 1": np.where(y == 2, 1, -1), "texts": texts}.items():
    network = MLPClassifier((6,), solver="lbfgs", max_iter=1000, random_state=0).fit(X, labels)
    converted = emlearn.convert(network)
    places, said = np.asarray(converted.predict(X)), network.predict(X)
    agree[name] = float((places == said).mean())
    cured[name] = float((network.classes_[places] == said).mean())
    converted.save(file="network.h", name="network")
code = Path("network.h").read_text()
print("agree", agree, "by classes_", cured, "bytes of code", len(code), "labels in it", "setosa" in code)
right = agree["0, 1, 2"] > 0.98 and min(cured.values()) > 0.98 and abs(agree["-1, 1"] - 1 / 3) < 0.02
sys.exit(not (right and agree["5, 15, 25"] == agree["1, 2, 3"] == agree["texts"] == 0 and code and "setosa" not in code))
PYTHON
