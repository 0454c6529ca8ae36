"""Tables: a file of numbers, words and gaps to X, and a column of labels to y.

reading.py    a CSV, TSV or Parquet file to a data frame whose index says where each row stands in the file
encoding.py   a data frame to X: gaps filled, numbers standardised, categories one-hot
labels.py     the target column to labels; rows without one; which rows are held out
targets.py    what the target is, labels or a quantity
learning.py   all of it, from a table to a trained model
model.py      a trained model of a table
"""

from deltarule.tables.encoding import TableEncoder
from deltarule.tables.labels import Labels, hold_out, known_labels, training_labels
from deltarule.tables.reading import check_columns, read_table

__all__ = [
    "Labels",
    "TableEncoder",
    "check_columns",
    "hold_out",
    "known_labels",
    "read_table",
    "training_labels",
]
