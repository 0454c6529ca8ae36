"""Which rows each member learns from, and which rows it is watched on.

A member is restored at the epoch at which it was best on rows that it did not learn from. These rows are chosen by a
pure function of a seed, so a run that is resumed finds the same ones:

    "folds"     The rows are dealt to K folds. Member i watches fold i; member K + i watches fold i of another deal.
    "holdout"   Each member watches a share of the rows, drawn anew for it.
    "time"      Rows are in order of time. The members learn from the first rows and watch the last ones, or, with
                several windows, member i learns from the rows before window i and watches window i.

`dealing.py` says how rows and groups are dealt. What cannot be held out is learnt by every member: a class with a
single row, or a group that alone has rows of some class. Rows of weight 0 are in no part, as if they were not there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from deltarule.common.arrays import Array
from deltarule.common.errors import InputError, SettingsError, ShapeError
from deltarule.common.messages import Message
from deltarule.tables.reading import name_some
from deltarule.tabular.dealing import Deal, Indices

__all__ = ["MOST_FOLDS", "WAYS", "Split", "Splits", "splits_for"]

WAYS = ("folds", "holdout", "time")
"""The ways to choose the rows that a member is watched on."""

MOST_FOLDS = 10
"""Most folds by default: there are as many as members, but at least 5 and at most this number."""

FEWEST_FOLDS = 3
"""Rare classes reduce the number of folds, but not below this: with two folds, each member would learn from half of the
rows."""

_MOST_NAMED = 5


class Split(NamedTuple):
    """The rows of one member, as ascending indices.

    Attributes
    ----------
    training : array of shape (m_training,)
        Rows to learn from.
    validation : array of shape (m_validation,)
        Rows to watch; none of them is learnt from. It is empty where nothing could be held out.
    """

    training: Indices
    validation: Indices


@dataclass(frozen=True, eq=False)
class Splits:
    """The rows of all members, and what one should know of them.

    Attributes
    ----------
    members : tuple of Split
    notices : tuple of str
        A sentence each.
    """

    members: tuple[Split, ...]
    notices: tuple[str, ...] = ()


def splits_for(
    m: int,
    way: str = "folds",
    *,
    n_members: int = 1,
    seed: int = 0,
    labels: Any = None,
    groups: Any = None,
    weights: Array | None = None,
    folds: int | None = None,
    fraction: float = 0.2,
    windows: int = 1,
) -> Splits:
    """Choose the rows that each member learns from and is watched on.

    Parameters
    ----------
    m : int
        Number of rows.
    way : {"folds", "holdout", "time"}
    n_members : int, default 1
    seed : int, default 0
        0 … 2⁶⁴ − 1. The same seed and rows give the same parts.
    labels : array of shape (m,), optional
        The class of each row. Each class then has its share of each part. Default: rows have no classes.
    groups : array of shape (m,), optional
        The group of each row, of any type. Rows of one group stay together.
    weights : array of shape (m,), optional
        Weights of rows; only whether they are 0 matters.
    folds : int, optional
        Number of folds, 2 or more. Default: the number of members, but at least 5 and at most `MOST_FOLDS`.
    fraction : float, default 0.2
        Share of the rows that a hold-out or a window has, above 0 and at most ½.
    windows : int, default 1
        For `"time"`: how many windows there are; members take turns.

    Raises
    ------
    SettingsError
        If an option is outside its range, or groups are to be kept whole in order of time.
    InputError
        If groups leave nothing to watch.

    Examples
    --------
    >>> [split.validation.tolist() for split in splits_for(6, folds=3, n_members=3, seed=1).members]
    [[2, 3], [1, 5], [0, 4]]
    >>> splits_for(10, "time").members[0].validation.tolist()
    [8, 9]
    """
    if folds is None:
        folds = min(max(n_members, 5), MOST_FOLDS)
    _check_options(way, n_members, folds, fraction, windows, groups)
    rows = np.arange(m) if weights is None else np.flatnonzero(np.asarray(weights) > 0)
    if len(rows) == 0:
        raise InputError(f"None of the {m} rows has a weight above 0, so there is nothing to learn from.")
    classes, names = _numbered(m, labels, "labels", rows)
    notices: list[str] = []
    kept = np.zeros(len(names), dtype=bool)  # classes that no member is meant to watch
    if way == "time":
        members = _in_time(len(rows), n_members, fraction, windows, notices)
    else:
        units, group_names = (np.arange(len(rows)), None) if groups is None else _numbered(m, groups, "groups", rows)
        counts = _counts(units, classes)
        is_free = _free(counts, names, group_names, notices)
        kept = np.asarray(counts[is_free].sum(axis=0) == 0)
        if is_free.sum() < 2:
            if group_names is not None:
                raise InputError(_no_group(len(group_names), len(names)))
            notices.append(_nothing_to_watch(len(rows)))
            members = [(np.ones(len(rows), dtype=bool), np.zeros(len(rows), dtype=bool))] * n_members
        else:
            if way == "folds":
                folds = _possible_folds(folds, counts[is_free], names, group_names is not None, notices)
            deal = Deal(units, counts, is_free, group_names is not None, seed)
            if way == "folds":
                deals = [deal.fold(number, folds) for number in range(-(-n_members // folds))]
                watched = [deals[i // folds] == i % folds for i in range(n_members)]
            else:
                watched = [deal.held_out(i, fraction) for i in range(n_members)]
            members = [(~its, its) for its in watched]
    if labels is not None:
        notices += _absent_classes(members, classes, names, kept)
    return Splits(tuple(Split(rows[learnt], rows[seen]) for learnt, seen in members), tuple(notices))


def _check_options(way: str, n_members: int, folds: int, fraction: float, windows: int, groups: Any) -> None:
    if way not in WAYS:
        raise SettingsError(f"validation={way!r} is none of {', '.join(map(repr, WAYS))}.")
    for name, value, least in (("n_members", n_members, 1), ("folds", folds, 2), ("windows", windows, 1)):
        if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < least:
            raise SettingsError(f"{name}={value!r} is no whole number from {least} on.")
    if not 0 < fraction <= 0.5:
        raise SettingsError(
            f"The share of rows to watch is {fraction!r}. It takes a number above 0 and at most 0.5: the members learn "
            "from the rest."
        )
    if way == "time" and groups is not None:
        raise SettingsError(
            "validation='time' holds out the last rows, and groups=… holds out whole groups. Leave one of them out."
        )


def _numbered(m: int, values: Any, name: str, rows: Indices) -> tuple[Indices, list[Any]]:
    """Return the number of the value of each row, and the values; without values one for all rows."""
    if values is None:
        return np.zeros(len(rows), dtype=np.int64), [None]
    given = pd.Series(values).reset_index(drop=True)
    if len(given) != m:
        raise ShapeError(f"{name} has {len(given)} values, but there are {m} rows. Pass one for each row.")
    numbers, found = pd.factorize(given.iloc[rows], sort=False)
    if (numbers < 0).any():
        raise InputError(f"{name} has a gap in row {rows[(numbers < 0).argmax()]}. Pass a value for each row.")
    return numbers.astype(np.int64), pd.Index(found).tolist()


def _counts(units: Indices, classes: Indices) -> Indices:
    """Return the number of rows of each class in each unit."""
    counts = np.zeros((int(units.max()) + 1, int(classes.max()) + 1), dtype=np.int64)
    np.add.at(counts, (units, classes), 1)
    return counts


def _free(counts: Indices, names: list[Any], groups: list[Any] | None, notices: list[str]) -> NDArray[np.bool_]:
    """Return which units may be watched: those without which each class is still learnt."""
    alone = (counts > 0).sum(axis=0) == 1  # classes with rows in a single unit
    if len(names) == 1:
        return np.ones(len(counts), dtype=bool)
    is_free = ~(counts[:, alone] > 0).any(axis=1)
    if alone.any():
        rare = _named(names, alone)
        if groups is None:
            one = "A single row has the class {rare}: every member learns from it, and none is watched on it."
            many = (
                "A single row each have the classes {rare}: every member learns from them, and none is watched on them."
            )
            notices.append(Message(one if alone.sum() == 1 else many, rare=rare))
        else:
            notices.append(
                Message(
                    "Only one group has rows of {rare}, so every member learns from {holders}.",
                    rare=rare,
                    holders=_named(groups, ~is_free),
                )
            )
    return np.asarray(is_free)


def _possible_folds(folds: int, counts: Indices, names: list[Any], are_groups: bool, notices: list[str]) -> int:
    """Return the number of folds that units and classes have room for."""
    what = "groups" if are_groups else "rows"
    possible, why = folds, ""
    in_units = (counts > 0).sum(axis=0)
    present = np.flatnonzero(in_units)
    rarest = int(present[in_units[present].argmin()])
    if len(names) > 1 and in_units[rarest] < folds:
        possible = max(int(in_units[rarest]), min(FEWEST_FOLDS, folds))
        why = f"the class {name_some([names[rarest]])} is in {in_units[rarest]} {what}"
        if in_units[rarest] < FEWEST_FOLDS:
            why += f" and there are never fewer than {FEWEST_FOLDS} because of a class"
    if len(counts) < possible:
        possible, why = len(counts), f"there are {len(counts)} {what} to deal"
    if possible < folds:
        notices.append(Message("{n} folds instead of {asked}, because {why}.", n=possible, asked=folds, why=why))
    return possible


def _in_time(m: int, n_members: int, fraction: float, windows: int, notices: list[str]) -> list[Any]:
    size = max(round(fraction * m), 1)
    possible = min(windows, (m - 1) // size)
    if possible == 0:
        notices.append(_nothing_to_watch(m))
        return [(np.ones(m, dtype=bool), np.zeros(m, dtype=bool))] * n_members
    if possible < windows:
        notices.append(
            f"{possible} {'window' if possible == 1 else 'windows'} of {size} rows instead of {windows}, because there "
            f"are {m} rows and the first window has rows before it to learn from."
        )
    rows, members = np.arange(m), []
    for i in range(n_members):
        end = m - (possible - 1 - i % possible) * size
        members.append((rows < end - size, (rows >= end - size) & (rows < end)))
    return members


def _absent_classes(members: Sequence[Any], classes: Indices, names: list[Any], kept: NDArray[np.bool_]) -> list[str]:
    """Say which classes some members do not learn, or are not watched on though they are meant to be."""
    said: list[str] = []
    is_watched = any(watched.any() for _, watched in members)
    for part, one, many in ((0, "learns from", "learn from"), (1, "is watched on", "are watched on")):
        has = np.array([np.bincount(classes[its[part]], minlength=len(names)) > 0 for its in members])
        absent = ~has.all(axis=0)
        if part == 1:
            absent &= ~kept & is_watched
        if absent.any():
            n = int((~has[:, absent]).any(axis=1).sum())
            who = "The member" if len(members) == 1 else f"{n} of {len(members)} members"
            said.append(
                Message(
                    "{who} {verb} no row of the class {rare}.",
                    who=who,
                    verb=one if n == 1 else many,
                    rare=_named(names, absent),
                )
            )
    return said


def _named(names: Sequence[Any], chosen: Any) -> str:
    return name_some([names[i] for i in np.flatnonzero(chosen).tolist()], _MOST_NAMED)


def _nothing_to_watch(m: int) -> str:
    return (
        f"{'There is one row' if m == 1 else f'There are {m} rows'}, which leaves nothing to watch: the members learn "
        "from every row to their last epoch, and no held-out score says how good they are."
    )


def _no_group(n: int, classes: int) -> str:
    if n == 1:
        return (
            "groups holds one group only, so no whole group can be held out. Pass the groups that rows belong to, or "
            "leave groups out."
        )
    return (
        f"Almost every one of the {n} groups alone has the rows of one of the {classes} classes, so none can be held "
        "out: the members could not learn the class. Leave groups out, or make groups that share classes."
    )
