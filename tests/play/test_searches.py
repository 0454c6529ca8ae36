"""The line searches that Follow shows are those of the solver: SciPy's own vectors, steps and pairs."""

from typing import Any

import numpy as np
import pytest
from scipy import optimize

from deltarule.network.backpropagation import cost, cost_and_gradient
from deltarule.play.answers import TraceLine
from deltarule.play.codec import decoded, encoded
from deltarule.play.lines import lines_of, search_of
from deltarule.play.requests import Trace
from deltarule.play.searches import WOLFE, Searches, _Seen, two_loops
from deltarule.play.snapshot import Snapshot
from equations import evaluated, half_unit, rounding_of, shown_value
from followed import at_step, every_line, learnt_example
from played import SOLVERS, small_problem, small_scene

SEARCHING = {name: {**SOLVERS[name], "alpha": 0.1} for name in ("lbfgs", "cg", "adaptive gd")}


def searches_of(name: str) -> Searches:
    problem = small_problem(SEARCHING[name])
    return Searches(problem, problem.start)


def objective_of(problem: Any) -> Any:
    X, Y = problem.training.X, problem.training.Y

    def objective(theta: Any) -> Any:
        return cost_and_gradient(problem.network, theta, X, Y, lambda_=problem.settings.alpha)

    return objective


@pytest.mark.parametrize("iterations", [1, 4, 10, 17])
def test_pairs_and_direction_of_lbfgs_are_those_in_the_memory_of_scipy(iterations: int) -> None:
    problem = small_problem(SEARCHING["lbfgs"])
    # SciPy stops before it takes the pair of its last iteration, so that one more leaves those of the search.
    options = {"maxiter": iterations + 1, "gtol": problem.settings.tol, "ftol": 1e-15}
    found = optimize.minimize(
        objective_of(problem), problem.start.state.theta, jac=True, method="L-BFGS-B", options=options
    )
    searches = Searches(problem, problem.start)
    search = searches.of(iterations)
    searches.close()
    assert search is not None
    np.testing.assert_allclose(search.new_theta, found.x, rtol=1e-7, atol=1e-9)
    # SciPy keeps its pairs in a ring, so the oldest need not come first.
    theirs = sorted(zip(found.hess_inv.sk, found.hess_inv.yk, found.hess_inv.rho, strict=True), key=lambda one: one[2])
    mine = sorted(search.pairs, key=lambda pair: pair.rho)
    assert len(mine) == len(theirs) == min(iterations, 10)
    for pair, (s, u, rho) in zip(mine, theirs, strict=True):
        np.testing.assert_allclose(pair.s, s, rtol=1e-5, atol=1e-7 * np.abs(s).max())
        np.testing.assert_allclose(pair.u, u, rtol=1e-5, atol=1e-6 * np.abs(u).max())
        assert pair.rho == pytest.approx(rho, rel=1e-5)
    direction = two_loops(search.pairs, search.D).p
    np.testing.assert_allclose(direction, search.p, rtol=1e-9, atol=1e-10 * np.abs(search.p).max())
    if iterations <= 10:  # the ring of SciPy is in order still
        np.testing.assert_allclose(-(dense_inverse(found.hess_inv) @ search.D), search.p, rtol=1e-5, atol=1e-6)


def dense_inverse(pairs: Any) -> Any:
    """Return H of BFGS as a matrix, from γ I and one pair after the other (Nocedal and Wright, 6.17 and 7.20)."""
    n = pairs.sk.shape[1]
    s, u = pairs.sk[-1], pairs.yk[-1]
    H = np.eye(n) * (s @ u) / (u @ u)
    for s, u, rho in zip(pairs.sk, pairs.yk, pairs.rho, strict=True):
        V = np.eye(n) - rho * np.outer(u, s)
        H = V.T @ H @ V + rho * np.outer(s, s)
    return H


def test_direction_and_step_of_conjugate_gradients_are_those_that_scipy_searches_with(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[Any] = []
    original = optimize._optimize._line_search_wolfe12

    def listening(f: Any, fprime: Any, xk: Any, pk: Any, gfk: Any, *rest: Any, **more: Any) -> Any:
        found = original(f, fprime, xk, pk, gfk, *rest, **more)
        seen.append((np.array(xk), np.array(pk), np.array(gfk), found[0], more["c1"], more["c2"]))
        return found

    monkeypatch.setattr(optimize._optimize, "_line_search_wolfe12", listening)
    searches = searches_of("cg")
    searches.of(19)
    for step, (x, p, D, alpha, c1, c2) in enumerate(seen[:20]):
        search = searches.of(step)
        assert search is not None
        np.testing.assert_array_equal(search.theta, x)
        np.testing.assert_array_equal(search.D, D)
        np.testing.assert_array_equal(search.p, p)
        assert search.taken.alpha == pytest.approx(alpha, rel=1e-12)
        assert (c1, c2) == WOLFE["cg"]
    searches.close()
    assert len(seen) >= 20


@pytest.mark.parametrize("solver", SEARCHING)
def test_every_point_that_the_solver_tried_is_a_trial_with_its_j_and_slope(solver: str) -> None:
    searches, objective = searches_of(solver), objective_of(small_problem(SEARCHING[solver]))
    c1, c2 = WOLFE[solver.rpartition(" ")[2]]
    tried = 0
    for step in range(25):
        search = searches.of(step)
        assert search is not None
        assert search.elsewhere == 0
        tried += len(search.trials)
        for trial in search.trials:
            J, D = objective(search.theta + trial.alpha * search.p)
            assert pytest.approx(J, rel=1e-9) == trial.J
            assert float(search.p @ D) == pytest.approx(trial.slope, rel=1e-6, abs=1e-9)
        np.testing.assert_allclose(search.theta + search.taken.alpha * search.p, search.new_theta, atol=1e-12)
        # What Wolfe's conditions say of the step that was taken, and of those that were not.
        assert search.taken.J <= search.J + c1 * search.taken.alpha * search.slope
        if c2 is not None:
            assert abs(search.taken.slope) <= c2 * abs(search.slope) * (1 + 1e-9)
    assert tried > 25
    searches.close()


@pytest.mark.parametrize("level", ["unit", "term", "layer", "network"])
@pytest.mark.parametrize("solver", SEARCHING)
def test_each_line_of_a_search_satisfies_its_own_equation(solver: str, level: Any) -> None:
    for step in (0, 1, 12):
        snapshot = at_step(small_scene(SEARCHING[solver]), step)
        lines = update_of(snapshot, level=level)
        symbols = {line.writes.symbol for line in lines}
        assert {"d·D", "A", "α"} <= symbols
        assert ({"d", "Θ′", "J′−J"} if level in ("unit", "term") else {"‖d‖", "‖Θ′−Θ‖"}) <= symbols
        assert ("β" in symbols) == (solver == "cg" and step > 0)
        assert ({"ρ", "κ", "γ", "ω"} <= symbols) == (solver == "lbfgs" and step > 0)
        for line in lines:
            # The direction is the run's, and the loops make it again from the pairs.
            scale = 1e-8 if line.writes.symbol == "d" else 1e-12
            assert evaluated(line.numbers) == pytest.approx(line.value, rel=1e-8, abs=scale), line
            shown, bound = rounding_of(line.numbers)
            assert abs(shown - line.value) <= 1.01 * bound + 1e-8 * abs(line.value) + scale, line
            assert abs(shown_value(line.result.text) - line.value) <= half_unit(line.result.text) * (1 + 1e-9)
            assert not set("·−⁽⁾²√′₁") & set(line.spoken), line.spoken


@pytest.mark.parametrize("solver", SEARCHING)
def test_lines_of_a_search_read_what_earlier_lines_write(solver: str) -> None:
    snapshot = at_step(small_scene(SEARCHING[solver]), 6)
    given = {"Θ", "J", "D", "c₁", "c₂", "s·u", "s·q", "u·r", "u·u", "(D−D₋)·D", "D₋·D₋", "d₋", "D·(Θ′−Θ)", "J′", "Σ"}
    given |= {f"{letter}{n}" for letter in "su" for n in "₁₂₃₄₅₆"}
    written = set()
    for line in update_of(snapshot):
        for ref in line.reads:
            tried = ref.symbol in ("α", "J", "d·D") and ref.i > 0 and ref.layer == 0
            assert ref.symbol in given or tried or ref in written, line
        written.add(line.writes)


def test_the_first_iteration_of_lbfgs_goes_down_the_gradient_and_says_so() -> None:
    answer = lines_of(at_step(small_scene(SEARCHING["lbfgs"]), 0), Trace(phase="update", count=400))
    assert "no pairs yet" in answer.note
    assert all(
        len(line.reads) == 1 and line.value == evaluated(line.numbers)
        for line in answer.lines
        if line.writes.symbol == "d"
    )


def test_a_what_if_leaves_the_update_of_a_search_out_and_says_why() -> None:
    answer = lines_of(at_step(small_scene(SEARCHING["cg"]), 3), Trace(count=400, what_if=(("Θ", 1, 1, 1, 0.5),)))
    assert "update" not in dict(answer.phases)
    assert "in its own run" in answer.note


def test_where_the_solver_ends_there_is_no_update_and_it_is_said() -> None:
    scene = small_scene({"solver": "lbfgs", "alpha": 5.0, "tol": 1e-3})
    ended = at_step(scene, 500)
    assert ended.step < 500
    answer = lines_of(ended, Trace(count=400))
    assert "update" not in dict(answer.phases)
    assert "The solver ends here" in answer.note


def test_an_iteration_can_be_asked_for_in_any_order() -> None:
    searches = searches_of("lbfgs")
    once = {step: searches.of(step) for step in (3, 11, 4, 0)}
    searches.close()
    for step, search in once.items():
        again = searches_of("lbfgs")
        other = again.of(step)
        again.close()
        assert search is not None
        assert other is not None
        np.testing.assert_array_equal(search.p, other.p)
        assert search.trials == other.trials


def test_after_an_edit_the_searches_are_those_of_the_new_stretch() -> None:
    from deltarule.play.opening import open_scene
    from deltarule.play.requests import Edit, Seek
    from deltarule.play.session import Session

    session = Session(open_scene(small_scene(SEARCHING["lbfgs"])))
    try:
        session.do(Seek(step=5))
        session.do(Edit(layer=1, i=1, j=1, value=0.25))
        session.do(Seek(step=7))
        before = session.snapshot
        session.do(Seek(step=8))
        found = before.place.searches.of(before.place.since)  # type: ignore[union-attr]
        assert found is not None
        assert len(found.pairs) == 2
        np.testing.assert_array_equal(found.new_theta, session.snapshot.theta)
    finally:
        session.close()


def test_a_search_that_finds_nothing_makes_lbfgs_forget_its_pairs() -> None:
    # A solver at 0 with D = (1, 0) that tries (0, 1) in vain, and then goes down the gradient with the step 1.
    seen = _Seen("lbfgs")
    point = np.array
    seen.tried += [
        (point([2.0, 0.0]), 3.0, point([2.0, 0.0])),
        (point([1.0, 0.0]), 1.0, point([1.0, 0.0])),
    ]
    first = seen.take(point([1.0, 0.0]))
    assert first is not None
    assert len(seen._pairs) == 1
    seen.tried += [
        (point([1.0, 1.0]), 4.0, point([0.0, 0.0])),
        (point([1.0, 0.5]), 3.0, point([0.0, 0.0])),
        (point([0.0, 0.0]), 0.5, point([0.5, 0.0])),
    ]
    second = seen.take(point([0.0, 0.0]))
    assert second is not None
    assert second.elsewhere == 2
    assert second.pairs == ()
    np.testing.assert_array_equal(second.p, [-1.0, 0.0])
    assert len(seen._pairs) == 1


@pytest.mark.parametrize("solver", SEARCHING)
def test_the_slice_is_j_along_the_direction(solver: str) -> None:
    searches, problem = searches_of(solver), small_problem(SEARCHING[solver])
    search = searches.of(4)
    assert search is not None
    alphas, J = searches.slice_of(4)
    searches.close()
    assert alphas[0] == 0
    assert J[0] == pytest.approx(search.J, rel=1e-12)
    assert alphas[-1] > max(trial.alpha for trial in search.trials)
    for n in (1, 17, 60):
        there = search.theta + alphas[n] * search.p
        direct = cost(problem.network, there, problem.training.X, problem.training.Y, lambda_=0.1)
        assert J[n] == pytest.approx(direct, rel=1e-12)


def test_the_picture_of_a_search_has_its_steps_on_the_slice() -> None:
    answer = decoded(encoded(search_of(at_step(small_scene(SEARCHING["cg"]), 1))))
    assert len(answer["tried"]) > 1
    alphas, J = answer["alpha"], answer["J"]
    step = alphas[1] - alphas[0]
    for alpha, height, slope in answer["tried"]:
        # Between the two points of the slice beside it, a curve leaves its chord by at most a share of their distance.
        assert np.interp(alpha, alphas, J) == pytest.approx(height, abs=0.05 * np.ptp(J))
        near = (np.interp(alpha + step, alphas, J) - np.interp(alpha - step, alphas, J)) / (2 * step)
        assert near == pytest.approx(slope, abs=0.2 * abs(answer["slope"]))
    taken = answer["tried"][answer["taken"]]
    assert taken[1] <= answer["most"][0] + answer["most"][1] * taken[0]
    assert answer["solver"] == "cg"


@pytest.mark.parametrize("solver", ["sgd", "gd", "adam"])
def test_a_solver_without_a_search_has_no_picture_and_it_is_said(solver: str) -> None:
    answer = decoded(encoded(search_of(at_step(small_scene(SOLVERS[solver]), 2))))
    assert (answer["tried"], answer["alpha"]) == ([], None)
    assert "settings say" in answer["note"]


def update_of(snapshot: Snapshot, **more: Any) -> list[TraceLine]:
    return list(every_line(snapshot, example=learnt_example(snapshot), phase="update", **more))
