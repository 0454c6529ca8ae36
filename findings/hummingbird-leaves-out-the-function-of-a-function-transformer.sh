#!/bin/sh
# Hummingbird 0.4.12 converts FunctionTransformer(numpy.log) into nothing: the network behind it gets the numbers without their logarithm.
#
# scikit-learn 1.9.1, torch 2.14.1, CPU.
#
# Guess:    a function of Python cannot become layers, so the conversion refuses it, as it refuses labels that are not integers.
# Seen:     it succeeds without a warning, the step is the identity, and the pipeline's answers are off by more than 1 on the very rows of
#           training, where the pipeline itself is off by less than 0.1. Same for square roots, and for numpy.clip with its limits.
# Cure:     take such steps out of the pipeline, convert the rest, and call the functions before it; compare answers once in any case.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    numpy==2.4.6 scikit-learn==1.9.1 torch==2.14.1 onnx==1.16.1 hummingbird-ml==0.4.12
"$folder/venv/bin/python" - <<'PYTHON'
import sys
import warnings

import hummingbird.ml
import numpy as np
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

X = np.random.default_rng(0).uniform(1, 9, size=(200, 2)).astype(np.float32)
y = np.log(X[:, 0]) - np.log(X[:, 1])
told = True
for name, step in {
    "log": FunctionTransformer(np.log),
    "sqrt": FunctionTransformer(np.sqrt),
    "clip": FunctionTransformer(np.clip, kw_args={"a_min": 2, "a_max": 5}),
}.items():
    net = MLPRegressor(hidden_layer_sizes=(8,), solver="lbfgs", max_iter=5000, random_state=0)
    pipeline = make_pipeline(step, net).fit(X, y)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        whole = hummingbird.ml.convert(pipeline, "pytorch", X)
    rest = hummingbird.ml.convert(net, "pytorch", step.transform(X))
    here = pipeline.predict(X)
    apart, cured = abs(whole.predict(X) - here).max(), abs(rest.predict(step.transform(X)) - here).max()
    untouched = abs(whole.predict(X) - net.predict(X)).max()
    about = [str(w.message) for w in caught if "unction" in str(w.message) and "ransform" in str(w.message)]
    print(name, "pipeline off by", abs(here - y).max().round(3), "converted differs by", apart.round(3), "cured by", cured.round(6))
    print("    from the network without the step by", untouched.round(6), "warnings of it", about)
    told = told and apart > 0.3 and untouched < 1e-4 and cured < 1e-4 and not about
    if name == "log":
        told = told and apart > 1 and abs(here - y).max() < 0.1
sys.exit(not told)
PYTHON
