"""Estimators of raw tables, best by default: several networks with a first floor, side by side.

table_columns.py   a frame to the inputs of a network with a first floor
recipe.py          network and settings, by rules of rows, columns and classes
validation.py      which rows each member learns from, and which rows it is watched on
fitting.py         one fit, from checked examples to a fitted estimator
side_by_side.py    several networks side by side, each kept at its best epoch
committee.py       what several networks predict together
calibration.py     probabilities that come true, fitted on held-out weighted inputs
importance.py      how much a score loses when a column is shuffled
base.py            what `TableClassifier` and `TableRegressor` have in common
"""
