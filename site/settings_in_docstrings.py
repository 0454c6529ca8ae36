"""An extension that describes each training setting in the API reference, where docstrings only name it.

Docstrings of estimators list some thirty names and say "See `deltarule.settings.Settings`"; `Settings` has them as
fields. The extension adds range, default and help from the declaration of each setting.
"""

import re
from collections.abc import Iterable
from typing import Any

import griffe

from deltarule.training.settings import SETTINGS

NAMED_ONLY = re.compile(r"^(\w+(?:, \w+)+)\n    See `deltarule\.settings\.Settings`\..*$", re.MULTILINE)


class SettingsInDocstrings(griffe.Extension):
    """The extension that mkdocstrings calls for every class that it reads."""

    def on_class(self, *, cls: griffe.Class, **_: Any) -> None:
        """Write the settings into the docstring of a class that names or declares them."""
        if cls.docstring is None:
            return
        if cls.path == "deltarule.training.settings.Settings":
            head, raises, rest = cls.docstring.value.partition("Raises\n------\n")
            cls.docstring.value = f"{head}Parameters\n----------\n{written_out(SETTINGS)}\n\n{raises}{rest}"
        else:
            cls.docstring.value = NAMED_ONLY.sub(lambda found: written_out(found[1].split(", ")), cls.docstring.value)


def written_out(names: Iterable[str]) -> str:
    """Return settings in the form of numpydoc parameters."""
    entries = []
    for name in names:
        setting = SETTINGS[name]
        symbol = f"{setting.symbol}, " if setting.symbol else ""
        entries.append(f"{name} : {setting.range}, default {setting.default!r}\n    {symbol}{setting.help}.")
    return "\n".join(entries)
