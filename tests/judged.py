"""Models with rows to judge them on, and a text that would like to be markup."""

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from deltarule.common.arrays import Array

HOSTILE = """</td><script>alert("1")</script><img src=http://x.example/a.png onerror='x'> & "quoted" """


@dataclass(frozen=True)
class Judged:
    """A model and rows to judge it on."""

    model: Any
    X: Array
    y: NDArray[Any]
