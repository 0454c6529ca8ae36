#!/bin/sh
# After jpmml-evaluator 0.16.0 (JPype 1.7.1) has loaded a file, `import dill` succeeds where dill is not installed: it gives a Java
# package.
#
# Expected: ModuleNotFoundError, by which programs find out that an optional package is not there.
# Seen:     its jars hold Java packages named dill, treelib, patsy, pyarrow, joblib, numpy, pandas, scipy, which JPype's hook offers to
#           `import` when Python finds none. So `import torch` 2.13 fails behind a scored PMML file: AttributeError: Java package 'dill'
#           has no attribute 'extend'.
# Cure:     import torch and other packages that try `import dill` first, or score in a process of its own.
set -eu
command -v java >/dev/null || { echo "needs Java"; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q jpmml-evaluator==0.16.0 jpype1==1.7.1
cd "$folder"
cat > m.pmml <<'XML'
<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4"><Header/><DataDictionary>
<DataField name="y" optype="continuous" dataType="double"/><DataField name="x" optype="continuous" dataType="double"/></DataDictionary>
<RegressionModel functionName="regression"><MiningSchema><MiningField name="y" usageType="target"/><MiningField name="x"/></MiningSchema>
<RegressionTable intercept="1"><NumericPredictor name="x" coefficient="2"/></RegressionTable></RegressionModel></PMML>
XML
"$folder/env/bin/python" - <<'PYTHON'
import importlib


def found(name):
    try:
        return type(importlib.import_module(name)).__name__
    except ModuleNotFoundError:
        return "none"


before = {name: found(name) for name in ("dill", "treelib", "patsy", "no_such_name")}
from jpmml_evaluator import make_evaluator

said = make_evaluator("m.pmml").evaluate({"x": 3.0})
after = {name: found(name) for name in before}
print("before", before, "after", after, "scored", said)
assert set(before.values()) == {"none"}
assert after == {"dill": "_JPackage", "treelib": "_JPackage", "patsy": "_JPackage", "no_such_name": "none"}
assert said["y"] == 7
PYTHON
