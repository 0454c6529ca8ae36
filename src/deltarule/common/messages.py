"""Messages whose own words can be replaced, while the fields that a user gave stay unchanged."""

from collections.abc import Callable, Mapping
from string import Formatter
from typing import Any, Self

__all__ = ["Message", "a"]


class Message(str):
    """A text made of words of the library and of fields that a user gave, such as a path, a label or a column name.

    It is a `str`, so an error or a warning takes it as any other text.

    Parameters
    ----------
    template : str
        Words of the library, with `{name}` where a field goes; `{{` and `}}` are braces.
    **fields : object
        What a user gave, by name.

    Examples
    --------
    >>> message = Message("{path} holds a run. Go on with it by resume=True.", path="my resume=True.run")
    >>> message
    'my resume=True.run holds a run. Go on with it by resume=True.'
    >>> message.reworded(lambda words: words.replace("resume=True", "--resume"))
    'my resume=True.run holds a run. Go on with it by --resume.'
    """

    template: str
    fields: Mapping[str, Any]

    def __new__(cls, template: str, /, **fields: Any) -> Self:
        """Make the text."""
        message = super().__new__(cls, template.format(**fields))
        message.template, message.fields = template, fields
        return message

    def __getnewargs_ex__(self) -> tuple[tuple[str], Mapping[str, Any]]:
        return (self.template,), self.fields

    def reworded(self, reword: Callable[[str], str]) -> str:
        """Return the text with `reword` applied to the words between the fields."""
        said, words = "", ""
        for more, name, form, conversion in Formatter().parse(self.template):
            words += more  # the parser also splits at an escaped brace
            if name is not None:
                field = f"{{{name}{f'!{conversion}' if conversion else ''}{f':{form}' if form else ''}}}"
                said, words = said + (reword(words) if words else "") + field.format(**self.fields), ""
        return said + (reword(words) if words else "")


def a(given: object) -> str:
    """Return the name of the type of a value with its article.

    >>> a([]), a(0)
    ('a list', 'an int')
    """
    name = type(given).__name__
    return f"{'an' if name[0] in 'AEIOUaeiou' or name == 'ndarray' else 'a'} {name}"
