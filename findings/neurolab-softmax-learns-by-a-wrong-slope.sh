#!/bin/sh
# neurolab 0.3.5: the gradient of a network with SoftMax outputs is not that of its error; some components have the wrong sign.
#
# Guess: backpropagation through a softmax sums over all outputs, since each depends on every z.
# Seen:  its derivative is y (1 - y), as for a sigmoid, so the terms of the other outputs are missing. With three classes and the sum of
#        squares, components of `ff_grad` are -3.1 to 5.5 times those of finite differences; with LogSig outputs all are 1.
# Cure:  LogSig outputs, or check the gradient of whatever trains a network.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==1.26.4 neurolab==0.3.5
"$folder/venv/bin/python" - <<'PYTHON'
import sys

import neurolab
import numpy as np

ratios = {}
for unit in (neurolab.trans.LogSig(), neurolab.trans.SoftMax()):
    np.random.seed(0)
    net = neurolab.net.newff([[-1, 1]] * 2, [3, 3], [neurolab.trans.TanSig(), unit])
    net.errorf = neurolab.error.SSE()
    X, T = np.random.uniform(-1, 1, (5, 2)), np.eye(3)[np.random.randint(0, 3, 5)]
    gradient = neurolab.tool.ff_grad(net, X, T)[0]
    found = []
    for n, layer in enumerate(net.layers):
        weights = layer.np["w"]
        for place in np.ndindex(weights.shape):
            kept, errors = weights[place], []
            for weights[place] in (kept + 1e-6, kept - 1e-6):
                errors.append(net.errorf(T, net.sim(X)))
            weights[place] = kept
            found.append(gradient[n]["w"][place] / ((errors[0] - errors[1]) / 2e-6))
    ratios[type(unit).__name__] = (round(min(found), 3), round(max(found), 3))
print("ratios to finite differences, least and largest:", ratios)
sys.exit(not (ratios["LogSig"] == (1, 1) and ratios["SoftMax"][0] < -1 and ratios["SoftMax"][1] > 2))
PYTHON
