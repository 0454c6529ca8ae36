"""A process of one peer: does what it is asked for by lines of JSON, in turn with everybody else.

    python -m processes.worker MODULE CLASS THREADS

`make` (a folder) makes the contender; `steps` takes steps, at first with the rows in their order, and shuffled after
`shuffle`; `write` writes the weights into the folder. Each is answered by one line when it is done. The end of the
input ends the process.
"""

import gc
import importlib
import json
import os
import sys
from typing import Any

from processes.task import Task

__all__: list[str] = []


def main(module: str, kind: str, threads: int) -> None:
    """Answer until the input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints is no answer
    make = getattr(importlib.import_module(f"processes.{module}"), kind)
    task: Any = None
    contender: Any = None
    for line in sys.stdin:
        asked = json.loads(line)
        answer: dict[str, Any] = {}
        if asked["do"] == "make":
            contender = None
            gc.collect()
            task = Task.read(asked["folder"])
            contender = make(task, threads)
        elif asked["do"] == "steps":
            answer["taken"] = contender.steps(asked["n"])
        elif asked["do"] == "write":
            task.write_matrices(asked["name"], contender.matrices())
        elif asked["do"] == "shuffle":
            contender.shuffle()
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
