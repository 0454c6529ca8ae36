"""The command line: thin, each command a few calls of the library.

options.py    options that are settings of training, with the defaults and words of `deltarule.settings`
train.py      train
training.py   what train does besides: check, tell, draw, report
apply.py      predict, evaluate
importing.py  import
inspect.py    check-gradient, explain, info
places.py     no output takes the place of an input or of another output
display.py    progress, tables and the small chart in the terminal
"""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from deltarule.cli.apply import evaluate, predict
from deltarule.cli.display import say, show_error
from deltarule.cli.importing import import_
from deltarule.cli.inspect import check_gradient, explain, info
from deltarule.cli.options import in_options
from deltarule.cli.train import train
from deltarule.common.errors import CheckpointError, DeltaruleError, DivergedError, SettingsError
from deltarule.common.version import __version__

__all__ = ["app"]


class _OneLineErrors(TyperGroup):
    """Commands whose expected errors are one red line and exit code 1.

    (Which package `ctx` comes from depends on the version of typer: click, or typer itself.)
    """

    def make_context(self, *args: Any, **kwargs: Any) -> Any:
        with _one_line_errors():  # --help and --version are written here
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: Any) -> Any:
        with _one_line_errors():
            return super().invoke(ctx)


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
        message = f"The memory is not enough ({reason}). Take a smaller network, or fewer rows or columns."
    except OSError as error:
        # A reader that has seen enough, as `head` has, is no error; what names a file is none of the output.
        if error.errno == errno.EPIPE or error.filename is not None:
            raise
        message = f"The output cannot be written ({error.strerror}). Make room, or send it elsewhere."
        # What is still to be written would be tried again, and fail again, when the process ends.
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


app.command()(train)
app.command()(predict)
app.command()(evaluate)
app.command("check-gradient")(check_gradient)
app.command()(explain)
app.command("import")(import_)
app.command()(info)
