"""Modules joined into one: what is taken, what is refused."""

import re

import pytest

from deltarule.play.link import LinkError, linked, modules_of, without_comments
from deltarule.play.page_files import read_module


def test_names_of_two_modules_do_not_meet() -> None:
    files = {
        "main.js": 'import { twice } from "./a.js";\nimport { thrice } from "./b.js";\n'
        "export const six = thrice(twice(1));\n",
        "a.js": "const factor = 2;\nexport function twice(x) { return factor * x; }\n",
        "b.js": "const factor = 3;\nexport function thrice(x) { return factor * x; }\n",
    }
    text = linked("main.js", files.__getitem__)
    assert not re.search(r"^import", text, re.MULTILINE)
    assert text.count("const factor") == 2
    assert text.endswith("export const six = module_main.six;\n")


def test_comments_with_lines_of_their_own_and_indentation_are_left_out_and_nothing_else() -> None:
    text = """/**
 * What it is.
 */
export function address(path) {
  // Why it is so.
  const both = "//" + path; /* kept: it shares its line */
  return both.replace("/*", "*/");
}
"""
    assert linked("main.js", lambda _: text).splitlines()[1:-3] == [
        "function address(path) {",
        'const both = "//" + path; /* kept: it shares its line */',
        'return both.replace("/*", "*/");',
        "}",
    ]


def test_a_script_without_its_comments_has_its_other_lines_where_they_were() -> None:
    text = "/** One.\n * Two. */\nconst a = 1; // with it\n  // alone\nconst b = '/* kept */';\n"
    assert without_comments(text) == "\n\nconst a = 1; // with it\n\nconst b = '/* kept */';\n"


def test_modules_come_after_those_they_import() -> None:
    order = list(modules_of("main.js", read_module))
    for path, text in modules_of("main.js", read_module).items():
        for imported in re.findall(r'from "\.{1,2}/(?:\w+/)*(\w+\.js)"', text):
            places = [index for index, other in enumerate(order) if other.split("/")[-1] == imported]
            assert min(places) < order.index(path)


@pytest.mark.parametrize(
    "line",
    [
        'import thing from "./a.js";',
        'import * as a from "./a.js";',
        'import { a as b } from "./a.js";',
        'import { a } from "somewhere";',
        'import "./a.js";',
        "export default 3;",
        "export { a };",
        'export * from "./a.js";',
        "export let a = 1;",
        "const text = `two",
    ],
)
def test_another_form_is_refused_with_file_and_line(line: str) -> None:
    with pytest.raises(LinkError, match=r"main\.js, line 2"):
        linked("main.js", lambda path: f"// {path}\n{line}\n" if path == "main.js" else "export const a = 1;\n")


def test_a_circle_is_refused() -> None:
    files = {
        "a.js": 'import { b } from "./b.js";\nexport const a = 1;\n',
        "b.js": 'import { a } from "./a.js";\nexport const b = 1;\n',
    }
    with pytest.raises(LinkError, match=r"a\.js → b\.js → a\.js"):
        linked("a.js", files.__getitem__)


@pytest.mark.parametrize("entry", ["main.js", "recorded.js"])
def test_the_page_joins_into_one_module_below_the_size_of_a_notebook(entry: str) -> None:
    assert len(linked(entry, read_module).encode()) <= 130_000
