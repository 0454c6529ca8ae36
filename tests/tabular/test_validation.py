"""Tests of the rows that each member learns from and is watched on."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltarule.common.errors import InputError, SettingsError, ShapeError
from deltarule.tabular.validation import Split, Splits, splits_for


def shares(split: Split, labels: Any) -> Any:
    return np.bincount(np.asarray(labels)[split.validation], minlength=int(np.max(labels)) + 1)


def holds(splits: Splits, m: int) -> None:
    """Check what is true of all parts: in range, ascending, apart."""
    for split in splits.members:
        for part in split:
            assert part.dtype == np.int64
            assert np.all(np.diff(part) > 0)
            assert len(part) == 0 or (part[0] >= 0 and part[-1] < m)
        assert len(np.intersect1d(*split)) == 0
        assert len(split.training) > 0


def test_five_folds_cover_every_row_once() -> None:
    splits = splits_for(103, n_members=5, labels=np.arange(103) % 4)
    watched = np.concatenate([split.validation for split in splits.members])
    assert sorted(watched.tolist()) == list(range(103))
    assert all(len(split.training) + len(split.validation) == 103 for split in splits.members)
    assert splits.notices == ()


@given(
    st.lists(st.sampled_from([0, 0, 0, 0, 1, 1, 2]), min_size=2, max_size=60),
    st.integers(1, 12),
    st.integers(2, 6),
    st.integers(0, 2**64 - 1),
)
@settings(max_examples=80, deadline=None)
def test_folds_differ_by_one_row_of_each_class_at_most(labels: list[int], members: int, folds: int, seed: int) -> None:
    splits = splits_for(len(labels), n_members=members, folds=folds, labels=labels, seed=seed)
    holds(splits, len(labels))
    counts = np.bincount(labels, minlength=3)
    for split in splits.members:
        assert set(np.asarray(labels)[split.training]) == set(labels)  # every member learns every class
    if counts[counts > 0].min() >= folds:
        of_folds = np.array([shares(split, [*labels, 2])[:3] for split in splits.members])
        assert np.ptp(of_folds, axis=0).max() <= 1
        assert np.ptp(of_folds.sum(axis=1)) <= 1


@given(
    st.lists(st.sampled_from([0, 0, 0, 0, 1, 1, 2]), min_size=2, max_size=60),
    st.floats(0.01, 0.5),
    st.integers(0, 2**64 - 1),
)
@settings(max_examples=80, deadline=None)
def test_a_hold_out_has_its_share_of_rows_and_of_each_class(labels: list[int], fraction: float, seed: int) -> None:
    splits = splits_for(len(labels), "holdout", n_members=3, fraction=fraction, labels=labels, seed=seed)
    holds(splits, len(labels))
    free = sum(n for n in np.bincount(labels) if n > 1)
    for split in splits.members:
        assert set(np.asarray(labels)[split.training]) == set(labels)
        if free >= 2:
            assert len(split.validation) == min(max(round(fraction * free), 1), free // 2)
            for label, n in enumerate(np.bincount(labels)):
                meant = n * len(split.validation) / free if n > 1 else 0
                assert abs(np.sum(np.asarray(labels)[split.validation] == label) - meant) < 1 + 1e-9


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 2)), min_size=2, max_size=80),
    st.integers(1, 7),
    st.sampled_from(["folds", "holdout"]),
    st.integers(0, 1000),
)
@settings(max_examples=120, deadline=None)
def test_groups_stay_whole(rows: list[tuple[int, int]], members: int, way: str, seed: int) -> None:
    groups, labels = (np.array(column) for column in zip(*rows, strict=True))
    try:
        splits = splits_for(len(rows), way, n_members=members, labels=labels, groups=groups, seed=seed)
    except InputError as error:
        assert "groups" in str(error)  # noqa: PT017 - which groups can be held out is what this test does not decide
        return
    holds(splits, len(rows))
    for split in splits.members:
        assert len(split.validation) > 0
        assert not set(groups[split.training]) & set(groups[split.validation])
        absent = set(labels) - set(labels[split.training])
        assert not absent or "no row of the class" in " ".join(splits.notices)


def test_folds_of_groups_keep_the_shares_of_classes() -> None:
    generator = np.random.default_rng(3)
    groups = generator.integers(0, 60, 3000)
    labels = (generator.random(3000) < 0.1 + 0.3 * (groups % 5 == 0)).astype(int)
    splits = splits_for(3000, n_members=5, labels=labels, groups=groups)
    counts = np.array([shares(split, labels) for split in splits.members])
    of_groups = np.array([np.bincount(labels[groups == group], minlength=2) for group in range(60)])
    assert np.all(np.abs(counts - np.bincount(labels) / 5) <= of_groups.max(axis=0) / 2)


def test_the_same_seed_gives_the_same_parts_and_another_seed_others() -> None:
    def parts(seed: int) -> list[list[int]]:
        return [split.validation.tolist() for split in splits_for(50, n_members=7, seed=seed).members]

    assert parts(4) == parts(4)
    assert parts(4) != parts(5)
    assert parts(4)[0] != parts(4)[5]  # more members than folds: another deal


def test_members_of_a_hold_out_watch_different_rows_with_groups_of_one_size_too() -> None:
    for groups in (None, np.repeat(np.arange(20), 5)):
        splits = splits_for(100, "holdout", n_members=4, groups=groups)
        assert len({tuple(split.validation.tolist()) for split in splits.members}) == 4
        assert [len(split.validation) for split in splits.members] == [20] * 4


def test_in_time_no_member_learns_from_a_row_after_one_that_it_watches() -> None:
    splits = splits_for(100, "time", n_members=5, windows=3)
    assert [(len(its.training), its.validation[0], its.validation[-1]) for its in splits.members] == [
        (40, 40, 59),
        (60, 60, 79),
        (80, 80, 99),
        (40, 40, 59),
        (60, 60, 79),
    ]
    last = splits_for(100, "time", n_members=2)
    assert [its.validation.tolist() for its in last.members] == [list(range(80, 100))] * 2


def test_windows_that_have_no_rows_before_them_are_left_out_with_a_notice() -> None:
    splits = splits_for(10, "time", n_members=3, windows=9, fraction=0.3)
    assert [its.validation.tolist() for its in splits.members] == [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
    assert splits.notices == (
        "3 windows of 3 rows instead of 9, because there are 10 rows and the first window has rows before it to learn "
        "from.",
    )


def test_a_class_that_comes_late_is_told() -> None:
    splits = splits_for(10, "time", labels=["a"] * 8 + ["b", "a"])
    assert splits.notices == ("The member learns from no row of the class 'b'.",)
    splits = splits_for(10, "time", labels=["a", "b"] + ["a"] * 8, n_members=2)
    assert splits.notices == ("2 of 2 members are watched on no row of the class 'b'.",)


def test_a_class_with_fewer_rows_than_folds_makes_the_folds_fewer() -> None:
    splits = splits_for(40, n_members=5, labels=["a"] * 36 + ["b"] * 4)
    assert splits.notices == ("4 folds instead of 5, because the class 'b' is in 4 rows.",)
    assert all(shares(split, [0] * 36 + [1] * 4)[1] == 1 for split in splits.members)


def test_one_rare_class_does_not_take_half_of_the_rows_from_each_member() -> None:
    splits = splits_for(90, n_members=3, folds=5, labels=["a"] * 88 + ["b"] * 2)
    assert [len(split.training) for split in splits.members] == [60, 60, 60]
    assert splits.notices == (
        "3 folds instead of 5, because the class 'b' is in 2 rows and there are never fewer than 3 because of a class.",
        "1 of 3 members is watched on no row of the class 'b'.",
    )


def test_a_single_row_of_a_class_is_learnt_by_all() -> None:
    splits = splits_for(41, n_members=5, labels=["a"] * 20 + ["b"] * 20 + ["c"])
    assert all(40 in split.training for split in splits.members)
    assert splits.notices == (
        "A single row has the class 'c': every member learns from it, and none is watched on it.",
    )
    both = splits_for(6, labels=["c", "d", "a", "a", "a", "a"], folds=2)
    assert both.notices[0].startswith("A single row each have the classes 'c', 'd': every member learns from them")


@pytest.mark.parametrize("way", ["folds", "holdout", "time"])
def test_of_one_row_nothing_is_watched(way: str) -> None:
    splits = splits_for(1, way, n_members=2)
    assert [(its.training.tolist(), its.validation.tolist()) for its in splits.members] == [([0], [])] * 2
    assert len(splits.notices) == 1
    assert splits.notices[0].startswith("There is one row, which leaves nothing to watch")


def test_of_two_rows_of_two_classes_nothing_is_watched() -> None:
    splits = splits_for(2, labels=["a", "b"])
    assert splits.members[0].training.tolist() == [0, 1]
    assert splits.notices[1].startswith("There are 2 rows, which leaves nothing to watch")


def test_two_rows_of_one_class_are_two_folds() -> None:
    splits = splits_for(2, n_members=3)
    assert sorted(len(split.validation) for split in splits.members) == [1, 1, 1]
    assert splits.notices == ("2 folds instead of 5, because there are 2 rows to deal.",)


@pytest.mark.parametrize("way", ["folds", "holdout", "time"])
def test_rows_of_weight_0_change_no_part(way: str) -> None:
    generator = np.random.default_rng(1)
    weights = (generator.random(60) < 0.7) * 2.5
    labels = generator.integers(0, 3, 60)
    kept = np.flatnonzero(weights)
    ours = splits_for(60, way, n_members=3, labels=labels, weights=weights, seed=9)
    theirs = splits_for(len(kept), way, n_members=3, labels=labels[kept], seed=9)
    for mine, other in zip(ours.members, theirs.members, strict=True):
        np.testing.assert_array_equal(mine.training, kept[other.training])
        np.testing.assert_array_equal(mine.validation, kept[other.validation])


def test_a_group_that_alone_has_a_class_is_learnt_by_all_with_a_notice() -> None:
    labels = ["a"] * 4 + ["b", "c"] * 8
    groups = ["rome"] * 4 + np.repeat(["paris", "oslo", "bern", "riga"], 4).tolist()
    splits = splits_for(20, n_members=4, labels=labels, groups=groups)
    assert all(set(range(4)) <= set(split.training) for split in splits.members)
    assert splits.notices == (
        "Only one group has rows of 'a', so every member learns from 'rome'.",
        "4 folds instead of 5, because the class 'b' is in 4 groups.",
    )


def test_more_groups_than_rows_of_a_class_leave_a_fold_without_it_and_that_is_told() -> None:
    labels = [0] * 18 + [1] * 2
    splits = splits_for(20, n_members=3, labels=labels, groups=np.arange(20) // 1)
    assert splits.notices[-1] == "1 of 3 members is watched on no row of the class 1."


GROUPS: dict[str, tuple[dict[str, Any], str]] = {
    "one group": ({"groups": ["x"] * 6}, "groups holds one group only"),
    "a class for each group": (
        {"groups": [1, 1, 1, 2, 2, 2], "labels": [0, 0, 0, 1, 1, 1]},
        "each|of the 2 groups alone has the rows",
    ),
    "a gap": ({"groups": [1, None, 2, 2, 1, 1]}, "groups has a gap in row 1"),
}


@pytest.mark.parametrize("case", GROUPS)
def test_groups_that_cannot_be_held_out_are_refused(case: str) -> None:
    given, words = GROUPS[case]
    with pytest.raises(InputError, match=words):
        splits_for(6, **given)


def test_too_few_groups_are_refused_with_both_numbers() -> None:
    with pytest.raises(ShapeError, match="groups has 5 values, but there are 6 rows"):
        splits_for(6, groups=range(5))


def test_groups_may_be_of_any_type() -> None:
    for groups in (pd.Series(["a", "b"] * 6, index=range(12, 0, -1)), pd.Categorical(["a", "b"] * 6), [1, "x"] * 6):
        splits = splits_for(12, groups=groups, n_members=2)
        assert [its.validation.tolist() for its in splits.members] in (
            [list(range(0, 12, 2)), list(range(1, 12, 2))],
            [list(range(1, 12, 2)), list(range(0, 12, 2))],
        )


OPTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "another way": ({"way": "random"}, "validation='random' is none of 'folds', 'holdout', 'time'"),
    "no member": ({"n_members": 0}, "n_members=0 is no whole number from 1 on"),
    "one fold": ({"folds": 1}, "folds=1 is no whole number from 2 on"),
    "half a window": ({"windows": 0.5}, "windows=0.5"),
    "most of the rows": ({"fraction": 0.9}, "above 0 and at most 0.5"),
    "groups in time": ({"way": "time", "groups": range(6)}, "Leave one of them out"),
}


@pytest.mark.parametrize("case", OPTIONS)
def test_options_outside_their_ranges_are_refused(case: str) -> None:
    given, words = OPTIONS[case]
    with pytest.raises(SettingsError, match=words):
        splits_for(6, **given)


def test_no_row_with_a_weight_is_refused() -> None:
    with pytest.raises(InputError, match="None of the 3 rows has a weight above 0"):
        splits_for(3, weights=np.zeros(3))
