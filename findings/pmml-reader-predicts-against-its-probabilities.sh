#!/bin/sh
# A PMML reader that contradicts itself: predict says "yes" where its own predict_proba says 0.72 for "no".
#
# sklearn-pmml-model 1.0.8 with scikit-learn 1.9.1 reads a NeuralNetwork for two classes in the form that JPMML and nyoka
# write: one logistic neuron, then two identity neurons, 1 - p and p.
#
# Expected: predict returns the class with the larger probability, as in every estimator of scikit-learn.
# What happens: predict_proba is right to the last digit, and predict returns the second class for every row.
#
# Seen:
#     predict_proba [[0.8807970779778824, 0.11920292202211757], [0.1192029220221175, 0.8807970779778825]]
#     predict ['yes', 'yes']
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check sklearn-pmml-model==1.0.8 scikit-learn==1.9.1
"$folder/venv/bin/python" - <<'PYTHON'
import sys
import tempfile
import warnings

warnings.simplefilter("ignore")
import numpy as np
from sklearn_pmml_model.neural_network import PMMLMLPClassifier

TEXT = """<?xml version="1.0"?>
<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4"><Header/>
<DataDictionary>
<DataField name="y" optype="categorical" dataType="string"><Value value="no"/><Value value="yes"/></DataField>
<DataField name="a" optype="continuous" dataType="double"/>
</DataDictionary>
<NeuralNetwork functionName="classification" activationFunction="tanh">
<MiningSchema><MiningField name="y" usageType="target"/><MiningField name="a"/></MiningSchema>
<NeuralInputs><NeuralInput id="i"><DerivedField optype="continuous" dataType="double"><FieldRef field="a"/></DerivedField>
</NeuralInput></NeuralInputs>
<NeuralLayer><Neuron id="h" bias="0"><Con from="i" weight="100"/></Neuron></NeuralLayer>
<NeuralLayer activationFunction="identity"><Neuron id="z" bias="0"><Con from="h" weight="2"/></Neuron></NeuralLayer>
<NeuralLayer activationFunction="logistic"><Neuron id="p"><Con from="z" weight="1"/></Neuron></NeuralLayer>
<NeuralLayer activationFunction="identity">
<Neuron id="n0" bias="1"><Con from="p" weight="-1"/></Neuron><Neuron id="n1"><Con from="p" weight="1"/></Neuron>
</NeuralLayer>
<NeuralOutputs>
<NeuralOutput outputNeuron="n0"><DerivedField optype="categorical" dataType="string"><NormDiscrete field="y" value="no"/>
</DerivedField></NeuralOutput>
<NeuralOutput outputNeuron="n1"><DerivedField optype="categorical" dataType="string"><NormDiscrete field="y" value="yes"/>
</DerivedField></NeuralOutput>
</NeuralOutputs>
</NeuralNetwork></PMML>"""

with tempfile.NamedTemporaryFile("w", suffix=".pmml") as file:
    file.write(TEXT)
    file.flush()
    model = PMMLMLPClassifier(pmml=file.name)
X = np.array([[-1.0], [1.0]])
p, labels = model.predict_proba(X), model.predict(X)
print("predict_proba", p.tolist())
print("predict", list(labels))
sys.exit(not (p[0, 0] > 0.88 and labels[0] == "yes"))
PYTHON
