"""What all pieces of a file of C need to know: names, types, and how numbers are written."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from deltarule.exchange.writing.c_texts import identifier, identifiers
from deltarule.exchange.writing.exported import Exported

__all__ = ["Context"]


@dataclass(frozen=True, eq=False)
class Context:
    """A file of C that is being written.

    Attributes
    ----------
    exported : Exported
    precision : str
        Of the network.
    """

    exported: Exported
    precision: str

    @property
    def real(self) -> str:
        """Type of the network."""
        return "float" if self.precision == "float32" else "double"

    @property
    def suffix(self) -> str:
        """What the functions of <math.h> for that type end in."""
        return "f" if self.precision == "float32" else ""

    @property
    def answer(self) -> str:
        """Type of the probabilities; several members are averaged in double."""
        return "double" if self.exported.is_committee else self.real

    @property
    def name(self) -> str:
        """The name that every function of the file begins with."""
        return identifier(self.exported.name)

    @cached_property
    def members(self) -> tuple[str, ...]:
        """The members of the struct that holds a row."""
        return identifiers(self.exported.columns)

    @property
    def row(self) -> str:
        """A row as an argument."""
        return f"const struct {self.name}_row *row" if self.exported.columns else f"const {self.real} *row"

    def number(self, value: Any) -> str:
        """Return a number of the network with all its digits."""
        return f"{np.float32(value)!s}f" if self.suffix else repr(float(value))
