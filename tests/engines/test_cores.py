"""The cores that a process may use: the smallest of its affinity and the CPU quotas of its control groups."""

import os
from pathlib import Path

import pytest

from deltarule.engines.cores import usable_cores


@pytest.fixture(autouse=True)
def sixty_four_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(64), raising=False)


def tree(root: Path, groups: str, files: dict[str, str]) -> Path:
    """Make a fake /proc/self/cgroup, and files below /sys/fs/cgroup."""
    for name, text in {"proc/self/cgroup": groups, **{f"sys/fs/cgroup/{name}": files[name] for name in files}}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_without_a_quota_the_affinity_counts(tmp_path: Path) -> None:
    assert usable_cores(tmp_path) == 64
    files = {"cpu.max": "max 100000\n", "a/cpu.max": "max 100000\n"}
    assert usable_cores(tree(tmp_path / "2", "0::/a\n", files)) == 64
    files = {"cpu/a/cpu.cfs_quota_us": "-1\n", "cpu/a/cpu.cfs_period_us": "100000\n"}
    assert usable_cores(tree(tmp_path / "1", "4:cpu:/a\n", files)) == 64


@pytest.mark.parametrize(("quota", "cores"), [("200000 100000", 2), ("150000 100000", 2), ("1000 100000", 1)])
def test_a_quota_of_version_2_is_rounded_up_to_whole_cores(tmp_path: Path, quota: str, cores: int) -> None:
    assert usable_cores(tree(tmp_path, "0::/system/mine\n", {"system/mine/cpu.max": quota})) == cores


@pytest.mark.parametrize("name", ["cpu.max", "a/cpu.max", "a/b/cpu.max", "unified/a/cpu.max"])
def test_the_quota_of_every_group_above_counts(tmp_path: Path, name: str) -> None:
    files = {"cpu.max": "max 100000", "a/cpu.max": "6400000 100000", "a/b/cpu.max": "1600000 100000"}
    assert usable_cores(tree(tmp_path / "wide", "0::/a/b\n", files)) == 16
    assert usable_cores(tree(tmp_path / "narrow", "0::/a/b\n", {**files, name: "300000 100000"})) == 3


def test_a_group_beside_does_not_count(tmp_path: Path) -> None:
    files = {"other/cpu.max": "100000 100000", "a/b/cpu.max": "100000 100000"}
    assert usable_cores(tree(tmp_path, "0::/a\n", files)) == 64


@pytest.mark.parametrize(
    ("line", "folder"),
    [
        ("4:cpu:/a", "cpu/a"),
        ("4:cpu,cpuacct:/a", "cpu,cpuacct/a"),
        ("3:cpuacct,cpu:/a", "cpu"),
        ("3:cpu:/../b", "cpu/b"),
    ],
)
def test_quotas_of_version_1_count_too(tmp_path: Path, line: str, folder: str) -> None:
    files = {f"{folder}/cpu.cfs_quota_us": "250000\n", f"{folder}/cpu.cfs_period_us": "100000\n"}
    assert usable_cores(tree(tmp_path, f"9:memory:/x\n{line}\n0::/\n", files)) == 3


def test_a_wide_quota_gives_no_more_cores_than_the_affinity(tmp_path: Path) -> None:
    assert usable_cores(tree(tmp_path, "0::/\n", {"cpu.max": "9900000 100000"})) == 64


@pytest.mark.parametrize("text", ["", "nonsense", "max", "0 100000", "100000 0", "nan 100000", "1 2 3"])
def test_what_is_no_quota_limits_nothing(tmp_path: Path, text: str) -> None:
    assert usable_cores(tree(tmp_path, "0::/\n", {"cpu.max": text})) == 64
