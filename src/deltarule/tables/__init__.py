"""Tables: a file of numbers, words and gaps becomes X, and its target column becomes y.

reading.py         reads a CSV, TSV or Parquet file into a data frame whose index says where each row is in the file
encoding.py        turns a data frame into X: gaps filled, numbers standardised, categories one-hot
labels.py          turns the target column into labels, leaves out rows without one, and chooses the held-out rows
target_column.py   decides whether the target is labels or a quantity
table_run.py       does all of it, from a table to a trained model
model.py           holds a trained model of a table
"""

from deltarule.tables.encoding import TableEncoder
from deltarule.tables.labels import LabelledRows, hold_out, known_labels, training_labels
from deltarule.tables.reading import check_columns, read_table

__all__ = [
    "LabelledRows",
    "TableEncoder",
    "check_columns",
    "hold_out",
    "known_labels",
    "read_table",
    "training_labels",
]
