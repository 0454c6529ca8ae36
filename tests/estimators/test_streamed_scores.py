"""Scores of sources are those of the same rows in memory, and sources are watched beside arrays."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from deltarule import Blocks, MLPClassifier, MLPRegressor, TableRows
from deltarule.common.errors import InputError, SettingsError, ShapeError
from streamed_rows import FEATURES, TABLE, M, made

pytestmark = pytest.mark.usefixtures("cache", "small_buffers", "runs_may_end_early")
X, LABELS = TABLE[FEATURES], TABLE["label"].to_numpy(dtype=str)


@pytest.mark.parametrize("weight", [None, "w"])
def test_scores_of_a_source_are_those_of_its_rows(weight: str | None, path: Callable[..., str]) -> None:
    weights = None if weight is None else TABLE["w"]
    clf = made().fit(X, TABLE["label"])
    files = path("label", "quantity", "other", "w")
    assert clf.score(files, "label", weight) == pytest.approx(clf.score(X, TABLE["label"], weights), rel=1e-12)
    for target in ("quantity", ["quantity", "other"]):
        reg = made(MLPRegressor).fit(X, TABLE[target])
        expected = reg.score(X, TABLE[target], weights)
        for given in (files, pl.scan_parquet(files)):
            assert reg.score(given, target, weight) == pytest.approx(expected, rel=1e-10)


def test_blocks_and_raw_tables_hold_the_targets_of_their_score(path: Callable[..., str]) -> None:
    clf = made().fit(X, LABELS)
    blocks = Blocks.from_arrays(X.to_numpy(), LABELS, block_rows=1000)
    assert clf.score(blocks) == clf.score(X, LABELS)
    rows = TableRows.learn(path("label"), "label")
    of_table = made().fit(rows)
    assert of_table.score(rows) == np.mean(of_table.predict(rows) == LABELS)
    with pytest.raises(InputError, match=r"no target, as those of `TableRows\.like`"):
        of_table.score(rows.like(path("label")))
    sets = (TABLE[["p", "q"]] > 0).to_numpy().astype(int)
    several = made().fit(X.to_numpy(), sets)
    assert several.score(Blocks.from_arrays(X.to_numpy(), sets)) == several.score(X.to_numpy(), sets)


def test_a_target_that_does_not_vary_scores_0_or_1_as_in_memory() -> None:
    for value, constant in ((0.0, 1.0), (1.0, 1.0)):
        reg = MLPRegressor.from_parts(made(MLPRegressor).fit(X, TABLE["quantity"]).network_, np.zeros(37))
        y = np.full(M, value * constant)
        assert reg.score(Blocks.from_arrays(X.to_numpy(), y)) == reg.score(X.to_numpy(), y) == 1 - value


def test_what_cannot_be_scored_is_told_with_its_place(path: Callable[..., str]) -> None:
    clf = made().fit(X, LABELS)
    numbers = TABLE.assign(label=np.arange(M) % 2, w=np.where(np.arange(M) == 8500, -1.0, 1.0))
    with pytest.raises(InputError, match="y holds labels such as 0, and the network has classes such as '"):
        clf.score(path("label", rows=numbers, name="numbers"), "label")
    with pytest.raises(InputError, match=r"The weight is -1\.0 in row 500 of .*2\.parquet"):
        clf.score(path("label", "w", rows=numbers.assign(label=LABELS), name="weights"), "label", "w")
    with pytest.raises(InputError, match="y is the name of a column"):
        clf.score(path("label"), LABELS)
    infinite = Blocks.from_arrays(np.where(np.arange(M)[:, None] == 8500, np.inf, X), LABELS, block_rows=1000)
    for ask in (clf.score, clf.predict):
        with pytest.raises(InputError, match=r"an infinity, .* row 500 of block 8"):
            ask(infinite)


def costs(clf: Any) -> list[Any]:
    return [clf.history_.validation_cost.tolist(), clf.history_.validation_score.tolist(), clf.theta_.tolist()]


@pytest.mark.parametrize("more", [{}, {"early_stopping": True}, {"solver": "lbfgs"}])
def test_a_source_is_watched_beside_rows_in_memory_as_arrays_are(more: Any, path: Callable[..., str]) -> None:
    files = path("label", "w")
    for given, target in ((X, TABLE["label"]), (X.to_numpy(), LABELS)):
        clf = made(**more).fit(given, target, eval_set=(given, target, TABLE["w"]))
        expected = costs(clf)
        for watched in ((files, "label", "w"), (pl.scan_parquet(files), "label", "w")):
            found = costs(made(**more).fit(given, target, eval_set=watched))
            np.testing.assert_allclose(found[0], expected[0], rtol=1e-6)
            np.testing.assert_allclose(found[1], expected[1], rtol=1e-6)
            assert found[2] == expected[2]


@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
def test_arrays_without_names_are_watched_beside_rows_with_names(path: Callable[..., str]) -> None:
    clf = made().fit(X, LABELS, eval_set=(X.to_numpy(), np.repeat("a", M)))
    expected = costs(made().fit(X, LABELS, eval_set=(X, LABELS)))
    assert costs(clf) != expected
    assert costs(made().fit(X, LABELS, eval_set=(X.to_numpy(), LABELS))) == expected
    numbers = TABLE.assign(label=TABLE["w"])
    reg = made(MLPRegressor).fit(path("w"), "w", eval_set=(X.to_numpy(), numbers["w"].to_numpy()))
    assert len(reg.history_.validation_cost) == 3


def test_a_watched_source_that_does_not_fit_the_arrays_is_refused(path: Callable[..., str]) -> None:
    with pytest.raises(ShapeError, match="X of eval_set has 1 columns, but X has 4"):
        made().fit(X.to_numpy(), LABELS, eval_set=(pl.scan_parquet(path("label")).select("p", "label"), "label"))
    with pytest.raises(InputError, match="has no column 'q', which the model was trained on"):
        made().fit(X, LABELS, eval_set=(pl.scan_parquet(path("label")).drop("q"), "label"))
    for eval_set in ((path("label"),), [(path("label"), "label")]):
        for given in ((X, LABELS), (path("label"), "label")):
            with pytest.raises(InputError, match=r"not the name of its target\. Pass one tuple, and no list of them"):
                made().fit(*given, eval_set=eval_set)
    with pytest.raises(SettingsError, match="'balanced_accuracy' takes rows in memory, and those to watch are read"):
        made(scoring="balanced_accuracy").fit(X, LABELS, eval_set=(path("label"), "label"))


def test_a_fit_of_arrays_leaves_no_file_open_of_its_watched_rows(path: Callable[..., str], cache: Any) -> None:
    clf: MLPClassifier = made().fit(X, LABELS, eval_set=(pd.DataFrame(X), LABELS))
    clf.fit(X, LABELS, eval_set=(pl.scan_parquet(path("label")), "label"))
    assert not list(cache.glob("*.rows"))  # of a frame that is not computed yet nothing is kept
