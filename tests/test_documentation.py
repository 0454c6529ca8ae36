"""What the pages and the public surface claim holds: paths, names, equations, quoted code, sizes of files."""

import re
import subprocess
import sys
import tokenize
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from statistics import median
from types import ModuleType

import pytest

import deltarule
from deltarule.network.units import HIDDEN_UNITS, OUTPUT_UNITS

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "deltarule"
MODULES = sorted(PACKAGE.rglob("*.py"))

PAGES = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"]
PAGES += [path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "docs").rglob("*.md"))]

SOURCES = ("src", "native", "tests", "torture", "benchmarks", "examples")
CODE = (".py", ".cpp", ".hpp", ".inl")

HEAVY = ("sklearn", "scipy", "pandas", "matplotlib", "typer", "rich")

# Names that `deltarule/__init__.py` imports for its own use: not private by their names, and not the library's.
ITS_OWN_IMPORTS = {"TYPE_CHECKING", "Any", "import_module"}


def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def without_fences(text: str) -> str:
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


def looks_like_a_path(span: str) -> bool:
    """Whether a span of code is a path: no placeholder, glob, address, command, option or formula such as `1/m`."""
    parts = span.removesuffix("/").split("/")
    words = all(re.fullmatch(r"[\w.-]{2,}", part) and not part.startswith("-") for part in parts)
    return words and bool(re.search("[a-z]", span)) and ("/" in span or span.endswith((".py", ".md", ".toml")))


def is_generated(path: str) -> bool:
    """Whether .gitignore says that a command makes it."""
    patterns = [line.strip("/") for line in (ROOT / ".gitignore").read_text(encoding="utf-8").split()]
    return any(fnmatch(part, pattern) for part in path.split("/") for pattern in patterns)


def exists(path: str, page: str) -> bool:
    """Whether a path exists, seen from the repository, from the package, from the folder above it, or from the page."""
    return any((base / path).exists() for base in (ROOT, PACKAGE, PACKAGE.parent, (ROOT / page).parent))


def comments() -> Iterator[tuple[str, str]]:
    """Return where each comment of the package stands, and what it says."""
    for path in MODULES:
        with tokenize.open(path) as file:
            for token in tokenize.generate_tokens(file.readline):
                if token.type == tokenize.COMMENT:
                    yield f"{path.relative_to(ROOT)}:{token.start[0]}", token.string


def equations_cited(comment: str) -> list[int]:
    """Return the n of each (n) that stands by itself, not as the argument of a function such as log(2) or g'(0)."""
    return [int(number) for number in re.findall(r"(?<![\w'′])\((\d+)\)", comment)]


@pytest.mark.parametrize("page", PAGES)
def test_every_path_that_a_page_names_exists(page: str) -> None:
    spans = re.findall(r"(?<!`)`([^`\n]+)`(?!`)", without_fences(text_of(page)))
    paths = {span for span in spans if looks_like_a_path(span) and not is_generated(span)}
    assert sorted(path for path in paths if not exists(path, page)) == []


def rows_of_the_architecture() -> list[str]:
    """Return the paths in the first column of the table of files."""
    rows = [line.split(" | ")[0] for line in text_of("ARCHITECTURE.md").splitlines() if line.startswith("| `")]
    return [path for row in rows for path in re.findall(r"`([^`]+)`", row)]


def test_every_file_of_the_package_has_one_row_in_the_architecture() -> None:
    rows = rows_of_the_architecture()
    folders = tuple(row for row in rows if row.endswith("/"))
    files = [path.relative_to(ROOT).as_posix() for path in MODULES if path.name != "__init__.py"]
    assert len(files) > 200
    assert [path for path in files if path not in rows and not path.startswith(folders)] == []
    assert len(rows) == len(set(rows))


def test_every_file_that_the_docstring_of_a_package_names_stands_beside_it() -> None:
    named = [
        (path.parent, name)
        for path in MODULES
        if path.name == "__init__.py"
        for line in re.findall(r"^\w+\.py.*", path.read_text(encoding="utf-8").split('"""')[1], flags=re.MULTILINE)
        for name in re.findall(r"\w+\.py\b", line)
    ]
    assert len(named) > 50
    assert [f"{folder.name}: {name}" for folder, name in named if not (folder / name).exists()] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_link_of_a_page_leads_to_a_file_and_a_heading(page: str) -> None:
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", without_fences(text_of(page))):
        if re.match(r"[a-z]+:", target) or is_generated(target):
            continue
        path, _, anchor = target.partition("#")
        file = (ROOT / page).parent / path if path else ROOT / page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(target)
    assert broken == []


def anchors(file: Path) -> set[str]:
    """Return the anchors that GitHub gives to the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", without_fences(file.read_text(encoding="utf-8")), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_what_looks_like_a_path_is_told_from_what_does_not() -> None:
    assert all(
        map(
            looks_like_a_path, ["src/deltarule/network/units.py", "units.py", "docs/", "pyproject.toml", "tests/golden"]
        )
    )
    others = ["1/m", "make test", "*.md", "docs/*.md", "<name>/x.py", "https://example.org/a.md", "theta", "/root/x.py"]
    others += ["31/01/2024"]
    assert not any(map(looks_like_a_path, others))


def test_the_derivation_quotes_lines_that_stand_in_the_code() -> None:
    text = text_of("docs/derivation.md")
    section = text[text.index("## 6.") : text.index("## 7.")]
    quoted = re.findall(r"^\| `([^`]+)`", section, flags=re.MULTILINE)
    files = [PACKAGE / "network" / name for name in ("parts.py", "backpropagation.py")]
    code = [line.split("  #")[0].strip() for file in files for line in file.read_text("utf-8").splitlines()]
    assert len(quoted) == 11
    assert [line for line in quoted if line not in code] == []


@pytest.mark.parametrize(("heading", "table"), [("Hidden units", HIDDEN_UNITS), ("Output units", OUTPUT_UNITS)])
def test_the_notation_lists_every_unit_and_no_other(heading: str, table: dict[str, object]) -> None:
    section = text_of("docs/notation.md").split(f"\n## {heading}\n")[1].split("\n#")[0]
    assert re.findall(r"^\| `(\w+)`", section, flags=re.MULTILINE) == list(table)


# What the table of dependencies calls a distribution that has another name.
CALLED = {"torch": "PyTorch", "mkdocs-material": "Material for MkDocs"}


def test_the_readme_names_every_dependency() -> None:
    project = tomllib.loads(text_of("pyproject.toml"))
    asked = [*project["build-system"]["requires"], *project["project"]["dependencies"]]
    asked += [one for group in project["project"]["optional-dependencies"].values() for one in group]
    names = {re.split(r"[\[<>=;~! ]", one)[0] for one in asked} - {"deltarule"}
    assert len(names) > 20
    table = text_of("README.md").split("\n## What it stands on\n")[1].lower()
    assert sorted(name for name in names if CALLED.get(name, name).lower() not in table) == []


# The unit that a file leaves out: a line needs no search, and NumPy alone has no Φ.
LEFT_OUT = {
    "src/deltarule/exchange/reading/elementwise.py": "identity",
    "src/deltarule/play/numpy_parts.py": "gelu",
}


def test_every_hidden_unit_is_in_each_file_that_adding_one_takes() -> None:
    section = text_of("CONTRIBUTING.md").split("\n## Adding a hidden unit\n")[1].split("\n## ")[0]
    files = [path for path in re.findall(r"`([\w./]+/[\w.]+)`", section) if "/test_" not in path]
    assert len(files) > 12
    for file in files:
        units = set(HIDDEN_UNITS) - {LEFT_OUT.get(file)}
        assert [unit for unit in units if not re.search(rf"\b{unit}\b", text_of(file))] == [], file


@pytest.mark.parametrize("name", deltarule.__all__)
def test_every_public_name_has_a_docstring(name: str) -> None:
    value = getattr(deltarule, name)
    assert (value.__doc__ or "").strip()
    # A dataclass without a docstring gets its signature for one.
    assert not value.__doc__.startswith(f"{name}(")


def test_the_public_names_are_exactly_those_that_are_declared() -> None:
    names = {name for name in dir(deltarule) if not name.startswith("_")} - ITS_OWN_IMPORTS
    # A module is no public name unless it can be called, as `deltarule.play` can.
    values = {name: getattr(deltarule, name) for name in names}
    found = {name for name, value in values.items() if not isinstance(value, ModuleType) or callable(value)}
    assert found == set(deltarule.__all__)
    assert len(deltarule.__all__) == len(set(deltarule.__all__))


def test_importing_the_library_loads_nothing_heavier_than_numpy() -> None:
    code = "import sys, deltarule; print(*{name.partition('.')[0] for name in sys.modules})"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(run.stdout.split())
    assert {"deltarule", "numpy"} <= loaded
    assert loaded.isdisjoint(HEAVY)


def test_comments_cite_equations_from_1_to_13() -> None:
    cited = {number for _, comment in comments() for number in equations_cited(comment)}
    wrong = [where for where, comment in comments() if not set(equations_cited(comment)) <= set(range(1, 14))]
    assert wrong == []
    assert cited >= {1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13}  # the search finds what is there


def test_no_file_has_more_than_400_lines() -> None:
    files = [path for folder in SOURCES for path in (ROOT / folder).rglob("*.*") if path.suffix in CODE]
    assert len(files) > 200
    assert [path for path in files if len(path.read_text(encoding="utf-8").splitlines()) > 400] == []


def test_half_of_the_files_of_the_core_have_150_lines_or_fewer() -> None:
    files = [path for path in (ROOT / "native").rglob("*.*") if path.suffix in CODE]
    lengths = [len(path.read_text(encoding="utf-8").splitlines()) for path in files]
    assert len(lengths) > 20
    assert median(lengths) <= 150
