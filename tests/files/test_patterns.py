"""Patterns of files."""

from pathlib import Path

import pytest

from deltarule.common.errors import InputError, TableError
from deltarule.files.patterns import files_matching, is_pattern, matches_of


def test_a_file_that_has_the_name_is_meant_and_no_pattern(tmp_path: Path) -> None:
    named = tmp_path / "a[1].csv"
    assert is_pattern(named)
    named.write_text("x\n")
    assert not is_pattern(named)
    assert not is_pattern(tmp_path / "missing.csv")


def test_files_match_in_the_order_of_their_names_and_folders_do_not(tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv", "sub/c.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x\n")
    (tmp_path / "folder.csv").mkdir()
    assert [path.name for path in matches_of(tmp_path / "*.csv")] == ["a.csv", "b.csv"]
    assert [path.name for path in files_matching(f"{tmp_path}/**/*.csv", InputError)] == ["a.csv", "b.csv", "c.csv"]


def test_a_pattern_without_a_match_is_told_with_the_folder_that_it_counts_from(tmp_path: Path) -> None:
    assert matches_of(tmp_path / "*.csv") == []
    with pytest.raises(
        TableError, match=r"\*\.csv' matches no file\. Patterns count from the folder .*; give one that"
    ):
        files_matching(tmp_path / "*.csv", TableError)
