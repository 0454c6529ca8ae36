"""Many modules of JavaScript as one, for places that load a single one: a notebook, a page in one file.

The modules of the page keep to a small part of the language's rules for modules, which a reader of one line at a time
can check:

    import { a, b } from "./c.js";      names as they are, from a path that begins with a dot
    export function, class, const …     at the start of a line

Everything else about modules is refused with file and line, and so are circles. Each module becomes a function that
returns what it exports, so names of two modules cannot meet. Comments that have their lines to themselves are left out,
and so is indentation: a notebook stores the module with each output.
"""

import posixpath
import re
from collections.abc import Callable, Mapping

from deltarule.common.errors import DeltaruleError

__all__ = ["LinkError", "linked", "modules_of", "without_comments"]

_IMPORT = re.compile(r'import \{ (\w+(?:, \w+)*) \} from "(\.{1,2}/[\w./-]+\.js)";\s*$')
_EXPORT = re.compile(r"export (?:async )?(?:function\*?|class|const) (\w+)")
_COMMENT = re.compile(r"^[ \t]*(?:/\*.*?\*/|//.*?)[ \t]*\n", re.MULTILINE | re.DOTALL)
_INDENT = re.compile(r"^ +", re.MULTILINE)
_MODULE_WORD = re.compile(r"(?:import|export)\b")


class LinkError(DeltaruleError):
    """A module goes beyond the part of the language that `linked` joins."""


def linked(entry: str, read: Callable[[str], str], as_default: bool = False) -> str:
    """One module with the exports of `entry` and everything that it imports.

    Parameters
    ----------
    entry : str
        Path of the module that is wanted, with slashes.
    read : callable
        Text of the module at a path.
    as_default : bool, default False
        Whether the exports are one object, the default export, as a widget's host wants them: it warns of others.

    Returns
    -------
    str
        A module that imports nothing.

    Raises
    ------
    LinkError
        For another form of import or export, and for modules that import each other in a circle.
    """
    modules = modules_of(entry, read)
    parts = [_wrapped(path, text) for path, text in modules.items()]
    names = _exports(modules[entry])
    if as_default:
        parts.append(f"export default {{ {', '.join(f'{name}: {_variable(entry)}.{name}' for name in names)} }};")
    else:
        parts += [f"export const {name} = {_variable(entry)}.{name};" for name in names]
    return "\n".join(parts) + "\n"


def without_comments(text: str) -> str:
    """Return a module without the comments that have their lines to themselves; the other lines keep their numbers."""
    return _COMMENT.sub(lambda comment: "\n" * comment[0].count("\n"), text)


def modules_of(entry: str, read: Callable[[str], str]) -> Mapping[str, str]:
    """Every module that `entry` needs, each after those that it imports, with its text."""
    found: dict[str, str] = {}
    open_now: list[str] = []

    def visit(path: str) -> None:
        if path in found:
            return
        if path in open_now:
            raise LinkError(f"Modules import each other in a circle: {' → '.join([*open_now, path])}.")
        open_now.append(path)
        text = read(path)
        for _, imported in _imports(path, text):
            visit(imported)
        open_now.pop()
        found[path] = text

    visit(entry)
    return found


def _imports(path: str, text: str) -> list[tuple[str, str]]:
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.count("`") % 2:  # its text would lose the indentation of its lines
            raise LinkError(f"{path}, line {number}: a text between ` and ` goes over several lines. Join texts by +.")
        if not _MODULE_WORD.match(line) or _EXPORT.match(line):
            continue
        match = _IMPORT.match(line)
        if match is None:
            raise LinkError(
                f"{path}, line {number}: {line.strip()[:80]!r} is no form that can be joined. "
                'Write `import { name } from "./file.js";` or `export function|class|const name`.'
            )
        found.append((match[1], posixpath.normpath(posixpath.join(posixpath.dirname(path), match[2]))))
    return found


def _exports(text: str) -> list[str]:
    return [match[1] for line in text.splitlines() if (match := _EXPORT.match(line))]


def _variable(path: str) -> str:
    return "module_" + re.sub(r"\W", "_", path.removesuffix(".js"))


def _wrapped(path: str, text: str) -> str:
    imports = iter(_imports(path, text))
    lines = []
    for line in text.splitlines():
        if _IMPORT.match(line):
            names, imported = next(imports)
            lines.append(f"const {{ {names} }} = {_variable(imported)};")
        else:
            lines.append(line.removeprefix("export ") if _EXPORT.match(line) else line)
    returned = ", ".join(_exports(text))
    body = _INDENT.sub("", _COMMENT.sub("", "\n".join(lines) + "\n"))
    return f"const {_variable(path)} = (() => {{\n{body}return {{ {returned} }};\n}})();"
