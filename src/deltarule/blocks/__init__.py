"""Rows that may be more than the memory holds: where they come from, how they lie on the disk, how they are read."""
