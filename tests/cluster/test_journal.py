"""A fit by a full-batch solver is repeated from its journal: same bits, and nothing is computed twice."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deltarule.cluster.journal import Journal
from deltarule.common.errors import CheckpointError, OutputError

da = pytest.importorskip("dask.array")

from deltarule.cluster import DaskMLPClassifier  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X = np.random.default_rng(0).normal(size=(300, 3))
THETA = np.arange(4.0)


class StoppedError(Exception):
    """What a test's callback raises, where a process would have died."""


def fit(path: Path | None, stop_after: int = 1000, resume: bool = True, y: Any = None, **settings: Any) -> Any:
    def stop(progress: Any) -> None:
        if progress.epoch == stop_after:
            raise StoppedError

    settings = {"hidden_layer_sizes": (3,), "max_iter": 12, "random_state": 1, "solver": "lbfgs", **settings}
    labels = X[:, 0] * X[:, 1] > 0 if y is None else y
    given = da.from_array(X, chunks=(100, 3)), da.from_array(labels, chunks=100)
    there: dict[str, Any] = {} if path is None else {"checkpoint": path, "resume": resume}
    return DaskMLPClassifier(**settings).fit(*given, callbacks=[stop], **there)


@pytest.mark.usefixtures("client")
@pytest.mark.parametrize("solver", ["lbfgs", "cg", "gd"])
def test_a_fit_whose_process_died_is_repeated_from_the_journal(solver: str, tmp_path: Path) -> None:
    path = tmp_path / "fit.journal"
    whole = fit(None, solver=solver)
    with pytest.raises(StoppedError):
        fit(path, 6, solver=solver)
    with path.open("ab") as file:
        file.write(b"half a record")  # that was being written
    again = fit(path, solver=solver)
    np.testing.assert_array_equal(again.theta_, whole.theta_)
    assert again.loss_curve_ == whole.loss_curve_
    assert 0 < again.n_passes_ < whole.n_passes_
    assert fit(path, solver=solver).n_passes_ == 0


@pytest.mark.usefixtures("client")
def test_a_seed_that_nobody_gave_is_in_the_journal(tmp_path: Path) -> None:
    path = tmp_path / "fit.journal"
    with pytest.raises(StoppedError):
        fit(path, 3, random_state=None)
    assert fit(path, random_state=None).n_passes_ > 0
    once, twice = (fit(path, random_state=None).theta_ for _ in range(2))
    np.testing.assert_array_equal(once, twice)


@pytest.mark.usefixtures("client")
def test_another_run_and_a_run_that_would_be_lost_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "fit.journal"
    fit(path)
    with pytest.raises(CheckpointError, match=r"holds a run of \d+ passes, which would be lost"):
        fit(path, resume=False)
    for other in ({"random_state": 2}, {"alpha": 3.0}, {"y": X[:, 0] > 0}):
        with pytest.raises(CheckpointError, match="holds another run"):
            fit(path, **other)
    (tmp_path / "text").write_text("a file of somebody else\n")
    with pytest.raises(CheckpointError, match="is no journal"):
        fit(tmp_path / "text")
    assert (tmp_path / "text").read_text() == "a file of somebody else\n"
    with pytest.raises(OutputError, match="there is no folder"):
        fit(tmp_path / "nowhere" / "fit.journal")


def test_every_cut_of_a_journal_keeps_its_whole_records(tmp_path: Path) -> None:
    path = tmp_path / "a.journal"
    journal = Journal(path, resume=True)
    journal.describe("run", 7)
    for n in range(3):
        assert journal.recall("sums", "rows", THETA + n) is None
        journal.append("sums", "rows", THETA + n, np.full(2, float(n)))
    with pytest.raises(CheckpointError, match="is being written by another run"):
        Journal(path, resume=True)
    journal.close()
    whole = path.read_bytes()
    for length in range(len(whole) + 1):
        path.write_bytes(whole[:length])
        again = Journal(path, resume=True)
        again.describe("run", again.seed)
        found = [again.recall("sums", "rows", THETA + n) for n in range(3)] if again.seed == 7 else [None]
        again.close()
        kept = [one for one in found if one is not None]
        assert [one.tolist() for one in kept] == [[float(n)] * 2 for n in range(len(kept))]
    assert len(kept) == 3
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    again = Journal(path, resume=True)
    again.describe("run", 7)
    assert [again.recall("sums", "rows", THETA + n) is None for n in range(3)] == [False, False, True]
    again.close()
