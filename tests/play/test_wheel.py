"""The wheel holds every file that the page names."""

import re
import zipfile
from pathlib import Path

import pytest

from deltarule.play.server import page_files

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "src" / "deltarule" / "play" / "page"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel without its compiled core, which takes minutes and has no part in this."""
    backend = pytest.importorskip("scikit_build_core.build")
    folder = tmp_path_factory.mktemp("wheel")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        name = backend.build_wheel(
            str(folder), {"wheel.cmake": "false", "build-dir": str(tmp_path_factory.mktemp("build"))}
        )
    return Path(folder / name)


def named() -> set[str]:
    """Return the files that the page's own files name, from /."""
    found = set()
    for path, (_, content) in page_files().items():
        folder = path.rpartition("/")[0]
        text = content.decode("utf-8", "replace") if not path.endswith((".woff", ".woff2")) else ""
        names = re.findall(
            r"""(?:src|href)="(?!data:|#)([^"]+)"|url\("(?!data:)([^"]+)"\)|from "(\./[^"]+|\.\./[^"]+)";""", text
        )
        for name in (next(filter(None, groups)) for groups in names):
            if "${" not in name and not name.startswith("http"):
                found.add(str(Path(f"{folder}/{name}").resolve()))
    return found


def test_every_file_that_the_page_names_is_served() -> None:
    files = page_files()
    assert {"/", "/index.html", "/style.css", "/js/host.js"} <= set(files)
    assert len(named()) > 10
    assert named() <= set(files)


def test_the_wheel_holds_every_file_of_the_page(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        inside = set(archive.namelist())
    there = {f"deltarule/play/page/{path.relative_to(PAGE).as_posix()}" for path in PAGE.rglob("*") if path.is_file()}
    assert there <= inside
    assert {f"deltarule/play/page{path}" for path in named()} <= inside
    assert wheel.stat().st_size < 3_000_000
