"""The course's real data: 5 000 digits with trained weights. Run by `make golden EX4=folder`, not by the tests.

The folder holds ex4data1.mat and ex4weights.mat of exercise 4. Published: J = 0.287629 (λ = 0) and 0.383770 (λ = 1),
and 95.3 % ± 1 % of the training set after 50 iterations of conjugate gradient from random weights with λ = 1.
"""

import sys
import warnings
from pathlib import Path

import numpy as np
import scipy.io
from sklearn.exceptions import ConvergenceWarning

import deltarule
from deltarule import MLPClassifier, Network


def main(folder: Path) -> int:
    """Print each figure beside the published one; return the number of figures that are off."""
    data = scipy.io.loadmat(folder / "ex4data1.mat")
    weights = scipy.io.loadmat(folder / "ex4weights.mat")
    X, y = np.ascontiguousarray(data["X"]), data["y"].ravel().astype(int)
    network = Network((400, 25, 10))
    theta = network.unroll([weights["Theta1"], weights["Theta2"]])
    Y = np.eye(10)[y - 1]
    off = 0

    def figure(what: str, came: float, low: float, high: float) -> None:
        nonlocal off
        fits = low <= came <= high
        off += not fits
        sys.stdout.write(f"{what:<55} {came:<16.12g} {'ok' if fits else f'NOT in {low} … {high}'}\n")

    for lambda_, J in ((0.0, 0.28762916516), (1.0, 0.38376985909)):
        came = deltarule.cost(network, theta, X, Y, lambda_=lambda_)
        figure(f"J of the trained weights, λ = {lambda_:g}", came, J - 5e-12, J + 5e-12)
    right = int((deltarule.hypothesis(network, theta, X).argmax(axis=1) + 1 == y).sum())
    figure("right of 5 000", right, 4876, 4876)
    for seed in range(5):
        clf = MLPClassifier(
            (25,), "logistic", output="sigmoid", solver="cg", alpha=1.0, max_iter=50, tol=0.0, random_state=seed
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # 50 iterations are the exercise's
            share = clf.fit(X, y).score(X, y)
        figure(f"trained by conjugate gradient, seed {seed}: share right", share, 0.943, 0.97)
    return off


if __name__ == "__main__":
    if len(sys.argv) != 2 or not (Path(sys.argv[1]) / "ex4data1.mat").is_file():
        sys.exit("Name the folder with ex4data1.mat and ex4weights.mat: make golden EX4=folder")
    sys.exit(main(Path(sys.argv[1])))
