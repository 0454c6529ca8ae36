"""X, weights and settings at the edge of the numbers: finite results, or an error that names a cause; never a NaN.

python torture/start.py edge_of_numbers
"""

from collections import Counter
from itertools import product

from extremes import ENGINES, ESTIMATORS, SOLVERS, cases, may_stop_early, outcome
from report import Report


def main() -> None:
    """Fit every case with each engine, solver and estimator, with and without early stopping."""
    report = Report("numbers at the edge")
    found: Counter[str] = Counter()
    for case, engine, solver, estimator in product(cases(), ENGINES, SOLVERS, ESTIMATORS):
        for early_stopping in may_stop_early(solver):
            name = f"{case.name}, {engine}, {solver}, {estimator}{', early stopping' if early_stopping else ''}"
            with report.one(name):
                found[outcome(case, estimator, engine=engine, solver=solver, early_stopping=early_stopping)] += 1
    report.end(", ".join(f"{count} {kind}" for kind, count in sorted(found.items())))


if __name__ == "__main__":
    main()
