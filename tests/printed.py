"""Figures as the command line prints them."""

import re


def figures_in(said: str) -> dict[str, list[float]]:
    """Return the value of each figure in a printed table, and the ends of its interval."""
    rows = re.findall(r"│ (.*?) +│ +(\S+) │ +(\S+) … (\S+) │", said)
    return {name: [float(value) for value in values] for name, *values in rows}
