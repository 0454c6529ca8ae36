"""What the site promises: every public name is in the reference, with its settings; nothing comes from the network."""

import re
from html import unescape
from pathlib import Path

import pytest

import deltarule
import deltarule.pictures
from deltarule.estimators.classifier import MLPClassifier
from deltarule.estimators.regressor import MLPRegressor
from deltarule.training.settings import SETTINGS, Settings

ROOT = Path(__file__).parents[1]
CONFIG = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")


def documented() -> list[str]:
    """Return the paths of all objects whose docstrings are put into the reference."""
    pages = (ROOT / "docs" / "reference").glob("*.md")
    return [
        path
        for page in pages
        for path in re.findall(r"^::: (\S+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    ]


def test_every_public_name_is_once_in_the_reference() -> None:
    paths = documented()
    assert sorted(set(paths)) == sorted(paths)
    assert {f"deltarule.{name}" for name in deltarule.__all__} <= set(paths)


def test_every_picture_is_in_the_reference() -> None:
    names = {path.rpartition(".")[2] for path in documented()}
    assert set(deltarule.pictures.__all__) <= names


def test_every_page_is_in_the_navigation_and_every_entry_is_a_page() -> None:
    docs = ROOT / "docs"
    pages = {path.relative_to(docs).as_posix() for path in docs.rglob("*.md")}
    assert set(re.findall(r"^ +- .+: (\S+\.md)$", CONFIG, flags=re.MULTILINE)) == pages


def test_fonts_and_scripts_do_not_come_from_the_network() -> None:
    assert re.search(r"^  font: false$", CONFIG, flags=re.MULTILINE)
    assert "://" not in CONFIG
    assert "://" not in (ROOT / "docs" / "site.css").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", sorted((ROOT / "docs").rglob("*.md")), ids=lambda page: page.name)
def test_the_underscores_of_formulas_are_not_taken_for_emphasis(page: Path) -> None:
    # Where one is, a backslash before the underscore at its end helps: Σ\_{j≥1}.
    markdown = pytest.importorskip("markdown")
    text = page.read_text(encoding="utf-8")
    emphasised = re.findall(r"<em>([^<]+)</em>", markdown.markdown(text, extensions=["tables", "fenced_code"]))
    assert [words for words in emphasised if f"*{unescape(words)}*" not in text] == []


@pytest.mark.parametrize("owner", [Settings, MLPClassifier, MLPRegressor])
def test_the_reference_writes_every_setting_out(owner: type) -> None:
    griffe = pytest.importorskip("griffe")
    from settings_in_docstrings import SettingsInDocstrings

    path = f"{owner.__module__}.{owner.__name__}"
    package = griffe.load(
        "deltarule", search_paths=[ROOT / "src"], extensions=griffe.load_extensions(SettingsInDocstrings)
    )
    sections = package[path.removeprefix("deltarule.")].docstring.parse("numpy", warnings=False)
    parameters = {
        parameter.name: parameter
        for section in sections
        if section.kind is griffe.DocstringSectionKind.parameters
        for parameter in section.value
    }
    for name, setting in SETTINGS.items():
        assert parameters[name].default == repr(setting.default)
        assert str(parameters[name].annotation) == str(setting.range)
        assert setting.help in " ".join(parameters[name].description.split())
