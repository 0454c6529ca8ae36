"""Reading networks that other tools trained: one file a format, all of which end in the same frozen value.

file.py        the bytes of a file, and how much memory it may ask for
stages.py      what a file holds, as a chain of matrices, affine maps and units, and how maps are folded into Θ
columns.py     what the columns of a table become
foreign.py     the value: a `Network` with θ, labels, columns, and notes of what was folded and assumed
convert.py     that value as an estimator, an encoder, and a model of a table
read.py        which reader a file is for, and `read_foreign`
"""
