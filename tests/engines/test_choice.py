"""Which engine runs."""

import warnings

import pytest

from deltarule import Network
from deltarule.common.errors import SettingsError
from deltarule.engines import NativeEngine, ReferenceEngine, engine_for, native, registry

NETWORK = Network((2, 1))


@pytest.fixture
def without_core(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "_core", None)
    monkeypatch.setattr(native, "why_unavailable", lambda: "no C++ compiler was found at the installation")
    monkeypatch.setattr(registry, "_has_warned", False)


@pytest.mark.skipif(not native.available(), reason="the compiled core was not built")
def test_auto_is_the_compiled_core_where_it_was_built() -> None:
    assert isinstance(engine_for(NETWORK), NativeEngine)
    assert isinstance(engine_for(NETWORK, "reference"), ReferenceEngine)


@pytest.mark.usefixtures("without_core")
def test_without_the_core_auto_is_the_reference_with_one_warning_that_says_what_to_install() -> None:
    with pytest.warns(RuntimeWarning, match=r"without its compiled core.*no C\+\+ compiler.*Install one .*pip install"):
        assert isinstance(engine_for(NETWORK), ReferenceEngine)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert isinstance(engine_for(NETWORK), ReferenceEngine)


@pytest.mark.usefixtures("without_core")
def test_without_the_core_native_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"engine='native' is not there: no C\+\+ compiler was found"):
        engine_for(NETWORK, "native")


def test_threads_are_the_cores_of_this_process_unless_named() -> None:
    assert NativeEngine(NETWORK).n_threads == native.usable_cores() >= 1
    assert NativeEngine(NETWORK, 3).n_threads == 3
