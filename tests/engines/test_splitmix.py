"""The random numbers of counters are those of SplitMix64."""

import numpy as np

from deltarule.engines.splitmix import base_of_epoch, counted


def test_counted_numbers_are_those_of_splitmix64() -> None:
    # SplitMix64 seeded with 1234567: the first numbers that its authors' program prints.
    right = [6457827717110365317, 3203168211198807973, 9817491932198370423]
    assert counted(1234567, np.arange(1, 4)).tolist() == right
    assert [base_of_epoch(1234567, epoch) for epoch in range(3)] == right
