"""The types that the page's modules name are those of the protocol, and what they ask is known to it."""

import dataclasses
import importlib.util
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from deltarule.play.requests import REQUESTS

ROOT = Path(__file__).parents[2]
MODULES = sorted(
    path for path in (Path(str(files("deltarule.play"))) / "page" / "js").rglob("*.js") if path.name != "protocol.js"
)


def generated() -> Any:
    spec = importlib.util.spec_from_file_location("protocol_types", ROOT / "site" / "protocol_types.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_types_are_those_of_the_dataclasses() -> None:
    module = generated()
    assert module.TARGET.read_text("utf-8") == module.text(), "run python site/protocol_types.py"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_every_request_has_only_fields_that_there_are_and_every_type_exists(path: Path) -> None:
    text = path.read_text("utf-8")
    for name in re.findall(r'import\("[./]*protocol\.js"\)\.(\w+)', text):
        assert f"export type {name} = " in generated().text(), name
    for word, rest in re.findall(r'\{ ask: "(\w+)"((?:, \w+(?:: [^{}]*?)?)*) \}', text):
        fields = {one.name for one in dataclasses.fields(REQUESTS[word])}
        assert set(re.findall(r", (\w+)(?=[:,]|$)", rest)) <= fields, (word, rest)
    for word in re.findall(r'\bask: "(\w+)"', text):
        assert word in REQUESTS
