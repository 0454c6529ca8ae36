"""Messages in the words of options."""

import pytest

from deltarule.cli.options import FLAGS, in_options


@pytest.mark.parametrize(
    "told",
    [
        "/runs/alpha/max_iter.run and ../alpha hold a run of 'alpha', which is alpha-numeric.",
        "Wait for its end, or give this run a checkpoint of its own. Momentum, output and engine stay.",
        "It has 'max_iter', '100 max_iter' and n_iter.",
    ],
)
def test_paths_quoted_names_and_english_words_are_no_settings(told: str) -> None:
    assert in_options(told) == told


@pytest.mark.parametrize(("name", "flag"), FLAGS.items())
def test_every_setting_that_is_given_a_value_becomes_its_option(name: str, flag: str) -> None:
    assert in_options(f"Take {name}=0.5, or {name}='auto'.") == f"Take {flag} 0.5, or {flag} 'auto'."


def test_switches_become_options_without_a_value() -> None:
    assert in_options("resume=True, shuffle=False, early_stopping=True.") == "--resume, --no-shuffle, --early-stopping."
