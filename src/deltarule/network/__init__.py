"""The network and its mathematics: description, units, training set, equations (1) to (6)."""
