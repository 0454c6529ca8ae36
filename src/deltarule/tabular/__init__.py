"""Raw tables, best by default: members that learn from parts of the rows, and what is said of them.

validation.py    which rows each member learns from, and which rows it is watched on
calibration.py   probabilities that come true, fitted on held-out weighted inputs
importance.py    how much a score loses when a column is shuffled
"""
