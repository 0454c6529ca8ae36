"""Options for what the values of a table do not show: which columns count, what is a word, what is a gap."""

from dataclasses import dataclass
from typing import Literal

from deltarule.common.errors import SettingsError

__all__ = ["TableOptions"]

DateOrder = Literal["day-first", "month-first"]

DATE_ORDERS: tuple[DateOrder, ...] = ("day-first", "month-first")
"""The ways to read a date such as 03/04/2024: as 3 April, or as 4 March."""


@dataclass(frozen=True)
class TableOptions:
    """How to read the columns of a table, and which of them to use; by default, their values decide.

    Parameters
    ----------
    categories : tuple of str
        Columns whose values are categories, though they look like numbers or dates.
    gaps : tuple of str
        Texts that mean a gap, such as `"?"`, besides an empty field and the spellings that pandas knows.
    dates : "day-first", "month-first" or None
        Order of day and month in dates such as 03/04/2024. None: the dates of the column decide.
    keep : tuple of str
        Columns to use though they look like names, identifiers or free text, which are dropped otherwise.
    drop : tuple of str
        Columns not to use.

    Raises
    ------
    SettingsError
        If `dates` is an unknown word, or a column is in `drop` and in `keep` or `categories`.
    """

    categories: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()
    dates: DateOrder | None = None
    keep: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.dates is not None and self.dates not in DATE_ORDERS:
            raise SettingsError(f"dates={self.dates!r} is unknown. Take one of {', '.join(DATE_ORDERS)}, or None.")
        for name in self.drop:
            for other, names in (("keep", self.keep), ("categories", self.categories)):
                if name in names:
                    raise SettingsError(
                        f"The column {name!r} is in drop and in {other}, which exclude each other. Name it in one."
                    )
