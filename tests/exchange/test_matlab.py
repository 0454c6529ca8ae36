"""The text of MATLAB's genFunction: read as constants and steps, in both spellings, and never run."""

from pathlib import Path

import numpy as np
import pytest

import deltarule
from deltarule.common.errors import ModelFileError, SettingsError

TEXT = """function [Y,Xf,Af] = net(X,~,~)
%   Each X{1,ts} = 3xQ matrix, input #1 at timestep ts.
% ===== NEURAL NETWORK CONSTANTS =====
% Input 1
x1_step1.keep = [1 3];
x1_step2.xoffset = [-1;10];
x1_step2.gain = [0.5;0.25];
x1_step2.ymin = -1;
% Layer 1
b1 = [0.5;-0.25];
IW1_1 = [1 -2; ...
0.75 0.125];
% Layer 2
b2 = -0.5;
LW2_1 = [2 -1.5];
% Output 1
y1_step1.ymin = -1;
y1_step1.gain = 0.01;
y1_step1.xoffset = 100;
% ===== SIMULATION ========
for ts=1:TS
    Xp1 = removeconstantrows_apply(X{1,ts},x1_step1);
    Xp1 = mapminmax_apply(Xp1,x1_step2);
    a1 = tansig_apply(repmat(b1,1,Q) + IW1_1*Xp1);
    a2 = repmat(b2,1,Q) + LW2_1*a1;
    Y{1,ts} = mapminmax_reverse(a2,y1_step1);
end
end
function a = tansig_apply(n,~)
  a = 2 ./ (1 + exp(-2*n)) - 1;
end
"""


def by_hand(x: list[float]) -> float:
    kept = (np.array([x[0], x[2]]) - [-1, 10]) * [0.5, 0.25] - 1
    z = np.array([0.5, -0.25]) + np.array([[1, -2], [0.75, 0.125]]) @ kept
    y = -0.5 + np.array([2, -1.5]) @ (2 / (1 + np.exp(-2 * z)) - 1)
    return float((y + 1) / 0.01 + 100)


@pytest.mark.parametrize("spelling", [".", "_"])
def test_it_computes_what_the_text_computes(spelling: str, tmp_path: Path) -> None:
    path = tmp_path / "net.m"
    path.write_text(TEXT.replace("step1.", f"step1{spelling}").replace("step2.", f"step2{spelling}"))
    imported = deltarule.read_foreign(path)
    X = [[0.5, 7.0, 12.0], [-3.0, -9.0, 1.0]]
    assert np.abs(imported.estimator.predict(X) - [by_hand(x) for x in X]).max() < 1e-11
    assert imported.estimator.n_features_in_ == 3
    assert "2 of 3 are used" in str(imported)


def test_softmax_asks_for_labels(tmp_path: Path) -> None:
    path = tmp_path / "net.m"
    text = "b1 = [0;0];\nIW1_1 = [1 2;3 4];\na1 = softmax_apply(repmat(b1,1,Q) + IW1_1*x);\n"
    path.write_text(text)
    with pytest.raises(SettingsError, match="labels"):
        deltarule.read_foreign(path)
    classifier = deltarule.read_foreign(path, labels=["a", "b"]).estimator
    assert isinstance(classifier, deltarule.MLPClassifier)
    assert np.abs(classifier.predict_proba([[1.0, 0.0]])[0, 1] - 1 / (1 + np.exp(-2))) < 1e-15


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("tansig", "radbas", "radbas units"),
        ("LW2_1 = [2 -1.5];", "LW2_1 = [2 -1.5];\nIW2_1 = [1 1];", "IW2_1, which skip"),
        ("x1_step2.ymin = -1;", "x1_step2.transform = [1 2];", "processes inputs with gain, transform, xoffset"),
        ("keep = [1 3]", "keep = [1 9]", "keeps 2 of 3"),
        ("[2 -1.5]", "[2 - 1.5]", "LW2_1 is no matrix"),
        ("[2 -1.5]", "rand(1,2)", "cannot be imported"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(old: str, new: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "net.m"
    path.write_text(TEXT.replace(old, new))
    with pytest.raises(ModelFileError, match=words):
        deltarule.read_foreign(path)
