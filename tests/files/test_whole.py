"""Files are written whole or not at all, and what cannot be written is found before."""

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from deltarule.common.errors import OutputError
from deltarule.files.whole import check_writable, check_writable_folder, lock_beside, write_whole, writing_whole


def test_a_new_file_and_an_old_one_can_be_written_and_the_check_leaves_nothing(tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.write_text("kept")
    check_writable(old)
    check_writable(tmp_path / "new")
    assert [path.name for path in tmp_path.iterdir()] == ["old"]
    assert old.read_text() == "kept"


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"there is no folder .*nowhere\. Make it first"):
        check_writable(tmp_path / "nowhere" / "model")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"is a folder\. Give the name of a file in it"):
        check_writable(tmp_path)


def test_a_path_below_a_file_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"cannot be written \(Not a directory\)"):
        check_writable(tmp_path / "file" / "model")


def test_a_place_that_refuses_files_cannot_be_written() -> None:
    with pytest.raises(OutputError, match=r"cannot be written"):
        check_writable("/proc/model")


def test_a_device_is_not_replaced_by_a_file() -> None:
    with pytest.raises(OutputError, match=r"neither a file nor a new name"):
        check_writable("/dev/null")


def test_a_folder_is_made_if_it_can_be(tmp_path: Path) -> None:
    for _ in range(2):
        check_writable_folder(tmp_path / "a")
        assert not list((tmp_path / "a").iterdir())
    with pytest.raises(OutputError, match=r"The folder .*b/c cannot be made: there is no folder .*b\. Make it first"):
        check_writable_folder(tmp_path / "b" / "c")
    assert not (tmp_path / "b").exists()
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"The folder .*file cannot be made \(File exists\)"):
        check_writable_folder(tmp_path / "file")


def test_a_write_replaces_the_file_and_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(0o640)
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert [other.name for other in tmp_path.iterdir()] == ["file"]


def test_a_write_goes_through_a_link_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"old")
    (tmp_path / "link").symlink_to("file")
    write_whole(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_bytes() == b"new"


def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OutputError, match=r"cannot be written \(No space left on device\)"):
        write_whole(path, b"new")
    assert [(other.name, other.read_bytes()) for other in tmp_path.iterdir()] == [("file", b"old")]


def refusing(number: int) -> Callable[..., None]:
    def flock(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    return flock


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS])
def test_a_disk_without_locks_seems_free_with_one_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr("fcntl.flock", refusing(number))
    with (
        pytest.warns(UserWarning, match=r"run has no locks \(.*\), so nothing keeps a second run from") as told,
        lock_beside(tmp_path / "run") as is_free,
    ):
        assert is_free
    assert len(told) == 1


@pytest.mark.parametrize("number", [errno.EAGAIN, errno.EACCES])
def test_a_lock_that_another_process_holds_is_not_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr("fcntl.flock", refusing(number))
    with lock_beside(tmp_path / "run") as is_free:
        assert not is_free


def written_and_then_raised(path: Path, error: type[BaseException]) -> None:
    with writing_whole(path) as file:
        file.write(b"half")
        raise error


def test_a_file_written_piece_by_piece_stands_there_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with writing_whole(path) as file:
        file.write(b"one ")
        assert not path.exists()
        file.write(b"two")
    assert path.read_bytes() == b"one two"
    for error in (ValueError, KeyboardInterrupt):
        with pytest.raises(error):
            written_and_then_raised(path, error)
    assert path.read_bytes() == b"one two"
    assert [other.name for other in tmp_path.iterdir()] == ["file"]


def test_a_disk_that_fills_while_a_file_is_written_is_told_with_its_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match=r"file cannot be written \(No space left on device\)"):
        write_whole(tmp_path / "file", b"x")
    assert list(tmp_path.iterdir()) == []
