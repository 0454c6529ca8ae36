"""A report of a trained network: everything computed first, as a frozen `Report`, and written second, as one HTML file.

content.py      what a report holds
computing.py    how it is computed
measures.py     accuracy, ROC AUC, R² and their like, of many weightings of the rows at once
bootstrap.py    their intervals
columns.py      the data summary
examples.py     the examples that cost most
provenance.py   settings, versions, the call that makes the model again
drawing.py      pictures as images inside the page
document.py     the page, section by section
layout.py       how the page looks on a screen, a phone and paper
"""

from deltarule.reporting.computing import report
from deltarule.reporting.content import Report

__all__ = ["Report", "report"]
