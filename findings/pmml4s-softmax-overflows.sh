#!/bin/sh
# The softmax of a NeuralNetwork in PMML4S (pypmml 1.5.8) is NaN as soon as a neuron of the layer is beyond 709.78.
#
# Expected: exp(z - max z) over its sum, which overflows for no z: 0 and 1. JPMML (jpmml-evaluator 0.16.0) does so.
# Seen:     the probability of the class that is sure is NaN, that of the other one 0; the label is right.
# Cure:     two classes as two logistic neurons of -z and z.
set -eu
command -v java >/dev/null || { echo "needs Java"; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q pypmml==1.5.8 jpmml-evaluator==0.16.0
cd "$folder"
cat > m.pmml <<'XML'
<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4"><Header/><DataDictionary>
<DataField name="y" optype="categorical" dataType="string"><Value value="no"/><Value value="yes"/></DataField>
<DataField name="x" optype="continuous" dataType="double"/></DataDictionary>
<NeuralNetwork functionName="classification" activationFunction="identity"><MiningSchema>
<MiningField name="y" usageType="target"/><MiningField name="x"/></MiningSchema><Output>
<OutputField name="label" optype="categorical" dataType="string" feature="predictedValue"/>
<OutputField name="no" optype="continuous" dataType="double" feature="probability" value="no"/>
<OutputField name="yes" optype="continuous" dataType="double" feature="probability" value="yes"/></Output>
<NeuralInputs><NeuralInput id="i"><DerivedField optype="continuous" dataType="double"><FieldRef field="x"/></DerivedField>
</NeuralInput></NeuralInputs><NeuralLayer normalizationMethod="softmax">
<Neuron id="o0" bias="0"><Con from="i" weight="0"/></Neuron><Neuron id="o1" bias="0"><Con from="i" weight="1"/></Neuron>
</NeuralLayer><NeuralOutputs>
<NeuralOutput outputNeuron="o0"><DerivedField optype="categorical" dataType="string"><NormDiscrete field="y" value="no"/>
</DerivedField></NeuralOutput>
<NeuralOutput outputNeuron="o1"><DerivedField optype="categorical" dataType="string"><NormDiscrete field="y" value="yes"/>
</DerivedField></NeuralOutput></NeuralOutputs></NeuralNetwork></PMML>
XML
HOME="$folder" "$folder/env/bin/python" - <<'PYTHON'
import math

from jpmml_evaluator import make_evaluator
from pypmml import Model

pmml4s, jpmml = Model.load("m.pmml").predict, make_evaluator("m.pmml").evaluate
for x in (709.0, 710.0):
    print(x, "PMML4S", pmml4s({"x": x}), "JPMML", {name: jpmml({"x": x})[name] for name in ("label", "no", "yes")})
assert pmml4s({"x": 709.0})["yes"] == 1
assert math.isnan(pmml4s({"x": 710.0})["yes"])
assert pmml4s({"x": 710.0})["label"] == "yes"
assert jpmml({"x": 710.0})["yes"] == 1
PYTHON
