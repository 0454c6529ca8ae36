#!/bin/sh
# PMML4S (pypmml 1.5.8) reads <Constant dataType="string"></Constant> as a missing value: nothing equals it.
#
# Expected: the empty text, a value as another: a cell "" equals it, and isMissing of it is false. JPMML (jpmml-evaluator
#           0.16.0) does so.
# Seen:     equal is false for the cell "", and isMissing of the constant is true, although isMissing of the cell is false.
#           So a model that knows the word "" gives such rows another answer, without a word.
# Cure:     equal(stringLength(cell), 0) is right in both.
set -eu
command -v java >/dev/null || { echo "needs Java"; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q pypmml==1.5.8 jpmml-evaluator==0.16.0
cd "$folder"
HOME="$folder" "$folder/env/bin/python" - <<'PYTHON'
from jpmml_evaluator import make_evaluator
from pypmml import Model

EMPTY = '<Constant dataType="string"></Constant>'
CELL = '<FieldRef field="w"/>'
DOCUMENT = """<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4"><Header/><DataDictionary>
<DataField name="y" optype="continuous" dataType="double"/><DataField name="w" optype="categorical" dataType="string"/>
</DataDictionary><RegressionModel functionName="regression"><MiningSchema><MiningField name="y" usageType="target"/>
<MiningField name="w" invalidValueTreatment="asIs"/></MiningSchema><Output>
<OutputField name="p" optype="continuous" dataType="double" feature="predictedValue"/></Output><LocalTransformations>
<DerivedField name="d" optype="continuous" dataType="double"><Apply function="if">{}<Constant dataType="double">1</Constant>
<Constant dataType="double">0</Constant></Apply></DerivedField></LocalTransformations>
<RegressionTable intercept="0"><NumericPredictor name="d" coefficient="1"/></RegressionTable></RegressionModel></PMML>"""


def answers(condition):
    with open("m.pmml", "w") as file:
        file.write(DOCUMENT.format(condition))
    scorers = Model.load("m.pmml").predict, make_evaluator("m.pmml").evaluate
    return [[scorer({"w": word})["p"] for word in ("", "x")] for scorer in scorers]


equal = answers(f'<Apply function="equal">{CELL}{EMPTY}</Apply>')
missing = answers(f'<Apply function="isMissing">{EMPTY}</Apply>')
cell = answers(f'<Apply function="isMissing">{CELL}</Apply>')
length = answers(
    f'<Apply function="equal"><Apply function="stringLength">{CELL}</Apply><Constant dataType="integer">0</Constant></Apply>'
)
print('for the cells "" and "x", PMML4S then JPMML')
print("equal to the empty constant", equal, "constant missing", missing, "cell missing", cell, "length 0", length)
assert equal == [[0, 0], [1, 0]]
assert missing == [[1, 1], [0, 0]]
assert cell == [[0, 0], [0, 0]]
assert length == [[1, 0], [1, 0]]
PYTHON
