"""A fixture for the tests of the compiled core: each instruction set that the machine has, in turn."""

from typing import Any

import pytest

from deltarule.engines import native

ISAS = list(native._core.available_isas()) if native._core is not None else ["none"]


@pytest.fixture(params=ISAS)
def isa(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("DELTARULE_ISA", request.param)
    assert native.instruction_set() == request.param
    return request.param
