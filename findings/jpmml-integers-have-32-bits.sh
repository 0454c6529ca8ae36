#!/bin/sh
# JPMML (jpmml-evaluator 0.16.0) does not load a model one of whose labels is an integer beyond 32 bits.
#
# Expected: dataType="integer" of PMML has no bounds, so 3000000000 is a label as 5 is. PMML4S (pypmml 1.5.8) does so.
# Seen:     java.lang.IllegalArgumentException: 3000000000 when the file is loaded, whatever rows would have been scored.
# Cure:     labels as texts, or another format.
set -eu
command -v java >/dev/null || { echo "needs Java"; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q pypmml==1.5.8 jpmml-evaluator==0.16.0
cd "$folder"
cat > m.pmml <<'XML'
<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4"><Header/><DataDictionary>
<DataField name="y" optype="categorical" dataType="integer"><Value value="5"/><Value value="3000000000"/></DataField>
<DataField name="x" optype="continuous" dataType="double"/></DataDictionary>
<RegressionModel functionName="classification" normalizationMethod="softmax"><MiningSchema>
<MiningField name="y" usageType="target"/><MiningField name="x"/></MiningSchema><Output>
<OutputField name="label" optype="categorical" dataType="integer" feature="predictedValue"/></Output>
<RegressionTable intercept="0" targetCategory="5"><NumericPredictor name="x" coefficient="-1"/></RegressionTable>
<RegressionTable intercept="0" targetCategory="3000000000"><NumericPredictor name="x" coefficient="1"/></RegressionTable>
</RegressionModel></PMML>
XML
HOME="$folder" "$folder/env/bin/python" - <<'PYTHON'
from jpmml_evaluator import make_evaluator
from pypmml import Model

pmml4s = Model.load("m.pmml").predict
said = [pmml4s({"x": x})["label"] for x in (-1.0, 1.0)]
try:
    make_evaluator("m.pmml").evaluate({"x": 1.0})
    refused = ""
except Exception as error:
    refused = str(error)
print("PMML4S", said, "JPMML", refused[:200])
assert said == [5, 3000000000]
assert "IllegalArgumentException" in refused
assert "3000000000" in refused
PYTHON
