"""The command line: each command is a few calls of the library.

options.py    the options that are settings of training, with defaults and help texts from `deltarule.settings`
train.py      train
training.py   the steps of train: check its outputs, fit, print, draw, report
apply.py      predict, evaluate
export.py     export
importing.py  import
cache.py      cache
larger.py     tables that would not fit into the memory: whether they would, and their predictions
rows.py       the steps of train for such a table
inspect.py    check-gradient, explain, info
play.py       play
places.py     the check that no output overwrites an input or another output
sizes.py      500MB as a number of bytes
display.py    tables, notes and the small chart in the terminal
"""

import errno
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from inspect import getdoc
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from deltarule.cli.apply import evaluate, predict
from deltarule.cli.cache import cache
from deltarule.cli.display import say, show_error
from deltarule.cli.export import export
from deltarule.cli.importing import import_
from deltarule.cli.inspect import check_gradient, explain, info
from deltarule.cli.options import in_options
from deltarule.cli.play import play
from deltarule.cli.train import train
from deltarule.common.errors import CheckpointError, DeltaruleError, DivergedError, SettingsError
from deltarule.common.version import __version__

__all__ = ["app"]


class _OneLineErrors(TyperGroup):
    """A group of commands that shows an expected error as one red line and exits with code 1.

    `ctx` has the type Any because its package depends on the version of typer: click, or typer itself.
    """

    def make_context(self, *args: Any, **kwargs: Any) -> Any:
        with _one_line_errors():  # --help and --version are printed here
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: Any) -> Any:
        with _one_line_errors():
            return super().invoke(ctx)


class _Command(TyperCommand):
    """A command that says of a name too many what to write instead."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        given, left, _ = self.make_parser(ctx).parse_args(args=list(args))
        if left and not given.get("help"):
            free = {option.name: option for option in self.params if given.get(str(option.name)) is None}
            is_file = "output" in free and (bool(Path(left[0]).suffix) or free["output"].required)
            option = "output" if is_file or "target" not in free else "target"
            cure = f" Did you mean --{option} {left[0]}?" if option in free and len(left) == 1 else ""
            ctx.fail(f"{self.name} takes no {' and no '.join(left)} here.{cure}")
        return super().parse_args(ctx, args)


@contextmanager
def _one_line_errors() -> Iterator[None]:
    try:
        yield
        return
    except (DeltaruleError, ImportError) as error:
        about_settings = isinstance(error, SettingsError | CheckpointError | DivergedError)
        message = in_options(error.args[0]) if about_settings else str(error)
    except MemoryError as error:
        reason = str(error).rstrip(".") or "the system gives no more"
        message = f"There is not enough memory ({reason}). Take a smaller network, or fewer rows or columns."
    except OSError as error:
        # EPIPE is no error: the reader, such as `head`, needs no more. An error with a file name is not about stdout.
        if error.errno == errno.EPIPE or error.filename is not None:
            raise
        message = f"The output cannot be written ({error.strerror}). Make room, or send it elsewhere."
        # Otherwise Python would try to write the rest, and fail again, when the process ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    show_error(message)
    raise typer.Exit(1)


app = typer.Typer(
    name="deltarule",
    cls=_OneLineErrors,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _tell_version(asked: bool) -> None:
    if asked:
        say(f"deltarule {__version__}")
        raise typer.Exit


@app.callback()
def _deltarule(
    version: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Multilayer perceptrons trained by backpropagation, on tables."""


def _add(command: Callable[..., Any], name: str | None = None) -> None:
    """Add a command whose help is its docstring, paragraph by paragraph: each is wrapped to the width of the screen."""
    paragraphs = (getdoc(command) or "").split("\n\n")
    text = "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
    app.command(name, cls=_Command, help=text)(command)


_add(train)
_add(predict)
_add(evaluate)
_add(check_gradient, "check-gradient")
_add(explain)
_add(export)
_add(import_, "import")
_add(cache)
_add(play)
_add(info)
