"""Reports of a trained network: each is first computed, as a frozen `Report`, and then written as one HTML file.

content.py      the class Report
of_fitted.py    `report`, of a single network or of several
computing.py    the computation of a report
measures.py     accuracy, ROC AUC, R² and others, for many weightings of the rows at once
bootstrap.py    the intervals of the measures
columns.py      the data summary
examples.py     the examples that cost most
provenance.py   settings, versions, the call that makes the model again
drawing.py      pictures as images inside the page
document.py     the page, section by section
layout.py       the style of the page on a screen, a phone and paper
"""

from deltarule.reporting.content import Report
from deltarule.reporting.of_fitted import report

__all__ = ["Report", "report"]
