"""The numbers that docs/by-hand.md computes with a pencil are those that the files of the same networks give here."""

from pathlib import Path

import pytest

import deltarule
from foreign_examples import FILES

PAGE = (Path(__file__).parents[2] / "docs" / "by-hand.md").read_text(encoding="utf-8")

OPENCV = """%YAML:1.0
---
opencv_ml_ann_mlp:
   format: 3
   layer_sizes: [ 2, 2, 1 ]
   activation_function: SIGMOID_SYM
   f_param1: 0.66666666666666663
   f_param2: 1.7159
   min_val: -0.95
   max_val: 0.95
   min_val1: -0.98
   max_val1: 0.98
   training_params: { train_method: RPROP }
   input_scale: [ 0.5, -1., 0.25, 2. ]
   output_scale: [ 10., 100. ]
   inv_output_scale: [ 0.1, -10. ]
   weights:
      - [ 0.5, -1., 0.25, 0.75, -0.5, 1. ]
      - [ 1., -0.5, 0.25 ]
"""

WEKA = """Linear Node 0
    Inputs    Weights
    Threshold    -0.25
    Node 1    1.5
Sigmoid Node 1
    Inputs    Weights
    Threshold    0.5
    Attrib a    2.0
    Attrib g    -1.0
Class
    Input
    Node 0
"""

ARFF = "@relation t\n@attribute a numeric\n@attribute g {m,f}\n@attribute y numeric\n@data\n-1,m,100\n3,f,320\n"

MATLAB = """x1_step1.xoffset = 10;
x1_step1.gain = 0.25;
x1_step1.ymin = -1;
b1 = 0.5;
IW1_1 = 2;
b2 = 0.25;
LW2_1 = -1.5;
y1_step1.ymin = -1;
y1_step1.gain = 0.01;
y1_step1.xoffset = 100;
a1 = tansig_apply(repmat(b1,1,Q) + IW1_1*xp1);
a2 = repmat(b2,1,Q) + LW2_1*a1;
"""


def number_below(heading: str) -> float:
    """Return the last number of the examples of a section."""
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return float(section.rpartition("\n\n```")[0].rpartition("\n")[2].rstrip("."))


def predicted(path: Path, row: list[float], table: Path | None = None) -> float:
    estimator = deltarule.read_foreign(path, table=table).estimator
    return float(estimator.predict([row])[0])


@pytest.mark.parametrize(
    ("heading", "file", "row"), [("R: nnet", "lin.rds", [0.5, 1.0]), ("FANN", "sig.net", [0.5, -1.0])]
)
def test_the_page_computes_what_the_file_of_the_tool_gives(heading: str, file: str, row: list[float]) -> None:
    assert predicted(FILES / file, row) == pytest.approx(number_below(heading), abs=1e-12)


def test_the_page_computes_opencv(tmp_path: Path) -> None:
    (tmp_path / "net.yml").write_text(OPENCV)
    assert predicted(tmp_path / "net.yml", [1.0, -2.0]) == pytest.approx(number_below("OpenCV: ANN_MLP"), abs=1e-9)


def test_the_page_computes_weka(tmp_path: Path) -> None:
    (tmp_path / "net.txt").write_text(WEKA)
    (tmp_path / "train.arff").write_text(ARFF)
    row = [2.0, 0.0, 1.0, 0.0]  # a, g=m, g=f, g is missing
    found = predicted(tmp_path / "net.txt", row, tmp_path / "train.arff")
    assert found == pytest.approx(number_below("Weka: MultilayerPerceptron"), abs=1e-9)


def test_the_page_computes_matlab(tmp_path: Path) -> None:
    (tmp_path / "net.m").write_text(MATLAB)
    assert predicted(tmp_path / "net.m", [12.0]) == pytest.approx(number_below("MATLAB: shallow networks"), abs=1e-9)
