"""What a report is computed from."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import deltarule
from deltarule import MLPClassifier, MLPRegressor
from deltarule.common.errors import InputError, SettingsError, ShapeError
from deltarule.network.backpropagation import costs_of
from deltarule.pictures.models import checked
from judged import HOSTILE, Judged


def test_costs_of_rows_are_those_of_each_row_alone(digits: Judged) -> None:
    model, X, y = digits.model, digits.X[:9], digits.y[:9]
    costs = costs_of(model.network_, model.theta_, checked(model, X, y))
    alone = [deltarule.cost(model.network_, model.theta_, X[[t]], model.encode(y[[t]])) for t in range(9)]
    np.testing.assert_allclose(costs, alone, rtol=1e-12)


def test_the_example_in_numbers_is_the_most_costly_one(digits: Judged) -> None:
    report = deltarule.report(digits.model, digits.X, digits.y, samples=5)
    np.testing.assert_allclose(report.trace.x, digits.X[report.costly[0].row])
    assert report.trace.cost == pytest.approx(report.costly[0].cost, rel=1e-6)
    assert [example.cost for example in report.costly] == sorted((e.cost for e in report.costly), reverse=True)


def test_the_same_seed_gives_the_same_report_and_another_seed_other_intervals(two: Judged) -> None:
    one, same, other = (deltarule.report(two.model, two.X, two.y, samples=40, seed=seed) for seed in (1, 1, 2))
    assert one.measures == same.measures
    assert one.html() == same.html()
    assert [measure.value for measure in one.measures] == [measure.value for measure in other.measures]
    assert one.measures != other.measures


def test_sparse_rows_a_frame_and_lists_are_reported_as_the_array_is(two: Judged) -> None:
    expected = deltarule.report(two.model, two.X, two.y, samples=20)
    sparse = deltarule.report(two.model, csr_matrix(two.X), two.y, samples=20)
    lists: Any = two.X.tolist(), two.y.tolist()
    assert deltarule.report(two.model, *lists, samples=20).measures == expected.measures
    for measure, other in zip(expected.measures, sparse.measures, strict=True):
        assert measure.value == pytest.approx(other.value, rel=1e-10)
    assert sparse.columns == expected.columns
    assert sparse.gradient.passed

    names = ["a", "b", "c"]
    framed = MLPClassifier((2,), solver="lbfgs", max_iter=5, tol=1, random_state=0)
    frame = pd.DataFrame(two.X, columns=names)
    report = deltarule.report(framed.fit(frame, two.y), frame, pd.Series(two.y), samples=20)
    assert [column.name for column in report.columns] == names


@pytest.mark.parametrize("kind", ["quantities", "two"])
def test_targets_in_one_column_are_reported_as_those_in_a_row(kind: str, request: pytest.FixtureRequest) -> None:
    judged: Judged = request.getfixturevalue(kind)
    rows = deltarule.report(judged.model, judged.X, judged.y, samples=20)
    column = deltarule.report(judged.model, judged.X, judged.y[:, np.newaxis], samples=20)
    assert column.measures == rows.measures
    assert column.targets == rows.targets


def test_several_quantities_are_reported_together() -> None:
    generator = np.random.default_rng(0)
    X = generator.normal(size=(60, 3))
    Y = X @ generator.normal(size=(3, 2)) + 0.1 * generator.normal(size=(60, 2))
    model = MLPRegressor(hidden_layer_sizes=(), solver="lbfgs", alpha=0.0, random_state=0).fit(X, Y)
    report = deltarule.report(model, X, Y, samples=50)
    assert report.measures[0].value == pytest.approx(model.score(X, Y), rel=1e-10)
    assert [getattr(target, "name", None) for target in report.targets] == ["y_1", "y_2"]
    assert report.html().count("<img") == 3


def test_the_call_in_python_makes_the_same_model(two: Judged) -> None:
    report = deltarule.report(two.model, two.X, two.y, samples=20, seed=4)
    assert report.command == (
        "model = MLPClassifier(hidden_layer_sizes=(4,), solver='lbfgs', alpha=1.0, max_iter=40, random_state=0)"
        ".fit(X_train, y_train)\n"
        "deltarule.report(model, X, y, 'report.html', samples=20, seed=4)"
    )


@pytest.mark.parametrize(
    ("arguments", "error", "complaint"),
    [
        ({"X": np.zeros((3, 2))}, ShapeError, "X has 2 columns"),
        ({"y": ["ja"] * 2}, ShapeError, "Y has the shape"),
        ({"y": ["ja", "ja", "never"]}, InputError, "the label 'never'"),
        ({"table": {"a": [1]}}, ShapeError, "Column 'a' of the table has 1 rows"),
        ({"samples": 0}, SettingsError, "samples=0 cannot be"),
        ({"costly": 0}, SettingsError, "costly=0 cannot be"),
        ({"model": MLPClassifier()}, NotFittedError, "This MLPClassifier instance is not fitted yet"),
        ({"model": MLPRegressor}, InputError, "type has no parameters to show. Give an MLPClassifier or MLPRegressor"),
    ],
)
def test_what_does_not_fit_is_said(
    two: Judged, arguments: dict[str, Any], error: type[Exception], complaint: str
) -> None:
    given: dict[str, Any] = {"model": two.model, "X": np.zeros((3, 3)), "y": ["ja", HOSTILE, "ja"], **arguments}
    with pytest.raises(error, match=complaint):
        deltarule.report(**given)


def test_a_pipeline_is_told_apart_and_its_last_step_is_reported_on(two: Judged) -> None:
    X, y = np.eye(3), np.array(["ja", HOSTILE, "ja"])
    pipeline = make_pipeline(StandardScaler(), MLPClassifier((2,), solver="lbfgs", random_state=0))
    with pytest.raises(NotFittedError, match="This Pipeline instance is not fitted yet"):
        deltarule.report(pipeline, X, y)
    pipeline.fit(X, y)
    with pytest.raises(
        InputError, match=r"Pipeline has no .* pipeline\[-1\], and X .* pipeline\[:-1\]\.transform\(X\)"
    ):
        deltarule.report(pipeline, X, y)
    report = deltarule.report(pipeline[-1], pipeline[:-1].transform(X), y, samples=5)
    assert report.measures[0].value == pipeline.score(X, y)


def test_of_a_large_network_fewer_parameters_are_compared() -> None:
    X = np.random.default_rng(0).normal(size=(4, 200))
    model = MLPRegressor(hidden_layer_sizes=(300,), solver="lbfgs", max_iter=100, tol=1.0, random_state=0)
    report = deltarule.report(model.fit(X, X[:, 0]), X, X[:, 0], samples=5)
    assert report.gradient.n_parameters == 60_601
    assert report.gradient.compared + report.gradient.kinks == 5_000_000 // 60_601


@pytest.mark.parametrize("kind", ["two", "quantities", "several"])
def test_a_report_runs_its_rows_through_the_network_once(
    kind: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged: Judged = request.getfixturevalue(kind)
    rows: list[int] = []
    ready_for = type(judged.model)._ready_for

    def counted(model: Any, X: Any) -> Any:
        rows.append(len(X))
        return ready_for(model, X)

    monkeypatch.setattr(type(judged.model), "_ready_for", counted)
    deltarule.report(judged.model, judged.X, judged.y, samples=5)
    assert rows == [len(judged.X)]


def test_the_root_mean_squared_error_is_that_of_the_predictions(quantities: Judged) -> None:
    report = deltarule.report(quantities.model, quantities.X, quantities.y, samples=5)
    named = {measure.name: measure.value for measure in report.measures}
    rest = quantities.y - quantities.model.predict(quantities.X)
    assert named["root mean squared error"] == pytest.approx(np.sqrt(np.mean(rest**2)), rel=1e-12)
