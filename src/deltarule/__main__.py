"""`deltarule` and `python -m deltarule`: starts the command line, or says in one line what it needs."""

import sys
from importlib.util import find_spec

__all__ = ["main"]

NEEDED = ("typer", "rich", "pandas")


def main() -> None:
    """Run the command line."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        sys.exit(f"Error: the command line needs {', '.join(missing)}: pip install 'deltarule[cli]'")
    from deltarule.cli import app

    for stream in (sys.stdout, sys.stderr):
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="replace")  # a terminal without Greek letters shows ?, and does not stop the program
    app()


if __name__ == "__main__":
    main()
