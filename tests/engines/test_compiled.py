"""The reason why there is no compiled core is reported exactly."""

import subprocess
import sys
from pathlib import Path

import pytest

from deltarule.engines import compiled, native
from deltarule.network.units import HIDDEN_UNITS, OUTPUT_UNITS
from deltarule.training.solvers import SGD, Adam, Averaged, ScheduleFree

# Instead of the core, a finder finds nothing, or a file that the loader refuses.
WITHOUT = """
import sys
from importlib.machinery import ExtensionFileLoader, ModuleSpec, PathFinder
class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name != "deltarule._native":
            return None
        {what}
sys.meta_path.insert(0, Finder)
from deltarule.engines import compiled, engine_for
from deltarule import Network
assert compiled.core is None
try:
    engine_for(Network((2, 1)), "native")
except ValueError as error:
    print(error)
"""
ABSENT = "raise ModuleNotFoundError(f'No module named {name!r}', name=name)"
DAMAGED = "return ModuleSpec(name, ExtensionFileLoader(name, sys.argv[1]), origin=sys.argv[1])"


def told(what: str, *arguments: str) -> str:
    code = WITHOUT.format(what=what)
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_a_core_that_is_not_there_is_told_as_a_missing_compiler() -> None:
    assert "engine='native' is not there: no C++ compiler was found at the installation. Install one (g++" in told(
        ABSENT
    )


def test_a_core_that_cannot_be_loaded_is_told_in_the_words_of_the_loader(tmp_path: Path) -> None:
    file = tmp_path / "_native.so"
    file.write_bytes(b"not an object file at all")
    text = told(DAMAGED, str(file))
    assert text.startswith(f"engine='native' is not there: the compiled core cannot be loaded: {file}: ")
    assert "no C++ compiler" not in text
    assert "Build it anew for this system: pip install --force-reinstall" in text


def test_a_module_that_the_core_itself_needs_is_named() -> None:
    text = told("raise ModuleNotFoundError(\"No module named 'other'\", name='other')")
    assert "the compiled core cannot be loaded: No module named 'other'" in text


def test_a_core_that_is_there_needs_no_reason() -> None:
    assert (compiled.core is None) == bool(native.why_unavailable())


RULES = (SGD(), Adam(), Averaged(SGD(), 0.9), Averaged(Adam(), 0.9), ScheduleFree())


class Built:
    """A core's report of its units; these are exactly those of the package."""

    def __init__(self, **changes: int) -> None:
        self.without: set[str] = set()
        self.hidden = {**{name: len(unit.numbers) for name, unit in HIDDEN_UNITS.items()}, **changes}

    def hidden_units(self) -> dict[str, int]:
        return self.hidden

    def output_units(self) -> list[str]:
        return sorted(OUTPUT_UNITS)

    def floor_parts(self) -> list[str]:
        return sorted(compiled.FLOOR_PARTS - self.without)


def test_a_core_with_the_units_of_the_package_in_any_order_is_taken() -> None:
    assert compiled.difference(Built()) == ""


@pytest.mark.parametrize("other", [Built(swish=0), Built(elu=0), object()], ids=["another", "of other numbers", "none"])
def test_a_core_with_other_units_is_not_used_and_told_as_such(other: object) -> None:
    assert compiled.difference(other).startswith("the compiled core cannot be used: it was built for other units")


def test_a_core_without_code_for_a_part_of_the_first_floor_is_not_used_and_told_as_such() -> None:
    older = Built()
    older.without = {"periodic"}
    assert "built for other parts of the first floor" in compiled.difference(older)


@pytest.mark.skipif(compiled.core is None, reason="the compiled core was not built")
def test_the_rules_of_the_core_are_those_of_the_solvers_with_as_many_numbers() -> None:
    assert compiled.core is not None
    assert compiled.core.rules() == {rule.name: len(rule.parameters) for rule in RULES}
