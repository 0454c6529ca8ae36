"""Messages: the library's words can be said otherwise, a user's stay."""

import pickle

from hypothesis import given
from hypothesis import strategies as st

from deltarule.common.messages import Message


@given(path=st.text(), label=st.text())
def test_no_character_of_a_field_changes_whatever_is_done_to_the_words(path: str, label: str) -> None:
    message = Message("{path} holds {label!r} of {share:.1f} in {{braces}}.", path=path, label=label, share=0.25)
    assert message == f"{path} holds {label!r} of 0.2 in {{braces}}."
    assert message.reworded(lambda words: "") == f"{path}{label!r}0.2"
    assert message.reworded(str.upper) == f"{path} HOLDS {label!r} OF 0.2 IN {{BRACES}}."


def test_a_message_in_an_error_comes_back_from_another_process() -> None:
    error = pickle.loads(pickle.dumps(ValueError(Message("{path} {{is}} gone.", path="{x}"))))
    assert str(error) == "{x} {is} gone."
    assert error.args[0].reworded(lambda words: "-") == "{x}-"
