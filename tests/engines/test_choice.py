"""The choice of the engine by its name."""

import warnings

import pytest

from deltarule import Network
from deltarule.common.errors import SettingsError
from deltarule.engines import NativeEngine, ReferenceEngine, engine_for, engine_names, native, register_engine, registry

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


def test_a_word_that_names_no_engine_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(SettingsError, match=r"engine='typo' is not known here. Take one of auto, native, reference"):
        engine_for(NETWORK, "typo")


def test_an_engine_can_be_registered_by_a_name_that_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_MAKERS", dict(registry._MAKERS))
    register_engine("mine", lambda network, _: ReferenceEngine(network))
    assert engine_names() == ("auto", "native", "reference", "mine")
    assert isinstance(engine_for(NETWORK, "mine"), ReferenceEngine)
    with pytest.raises(SettingsError, match="'mine' is registered already"):
        register_engine("mine", lambda network, _: ReferenceEngine(network))


def test_what_makes_an_engine_takes_the_place_of_a_name() -> None:
    made = ReferenceEngine(NETWORK)
    assert engine_for(NETWORK, lambda network, n_threads: made) is made
