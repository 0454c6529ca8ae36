"""What the steps of `deltarule train` have in common for both kinds of models: its outputs, its options, its notes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from deltarule.cli import display
from deltarule.cli.options import in_options
from deltarule.cli.places import check_apart, files_in
from deltarule.common.messages import Message

if TYPE_CHECKING:
    from deltarule.cli.larger import Given
    from deltarule.tables.options import TableOptions
    from deltarule.training.checkpoint import Checkpoint

__all__ = ["Outputs", "save_drawings", "show", "table_options_of"]


@dataclass(frozen=True)
class Outputs:
    """The files that `train` writes; each field is named after its option, but `drawn`, the names of the pictures."""

    drawn: tuple[str, ...]
    output: Path
    report: Path | None
    pictures: Path | None
    checkpoint: Path | None
    checkpoint_seconds: float
    resume: bool

    def check(self, data: "Given") -> None:
        """Check before any work that every file can be written.

        Parameters
        ----------
        data : Path, Piped or sequence of Path

        Raises
        ------
        OutputError
            If a file cannot be written, or would overwrite another file of the command.
        ImportError
            If a picture or report is asked for and matplotlib is missing.
        typer.BadParameter
            If `--resume` is given without `--checkpoint`.
        """
        from deltarule.files.whole import check_writable, check_writable_folder

        named = ("output", "report", "checkpoint", "pictures")
        written = [(f"--{name}", getattr(self, name)) for name in named]
        drawn = [] if self.pictures is None else [("--pictures", self.pictures / name) for name in self.drawn]
        check_apart(files_in(data), [*written, *drawn])
        check_writable(self.output)
        if self.resume and self.checkpoint is None:
            raise typer.BadParameter("it needs the file of the run. Give --checkpoint, too.", param_hint="--resume")
        if self.pictures is not None or self.report is not None:
            from deltarule.pictures.style import check_matplotlib

            check_matplotlib()
        if self.pictures is not None:
            check_writable_folder(self.pictures)
        if self.report is not None:
            check_writable(self.report)
        if self.checkpoint is not None:
            check_writable(self.checkpoint)

    @property
    def place(self) -> "Checkpoint | None":
        """The checkpoint file and how often it is written; None without `--checkpoint`."""
        from deltarule.training.checkpoint import Checkpoint

        return None if self.checkpoint is None else Checkpoint(self.checkpoint, self.checkpoint_seconds)


def table_options_of(given: Mapping[str, Any]) -> "TableOptions":
    """Return the options of `train` that are about columns."""
    from deltarule.tables.options import TableOptions

    lists = {name: tuple(given[name] or ()) for name in ("categories", "gaps", "keep", "drop")}
    return TableOptions(**lists, dates=None if given["dates"] is None else given["dates"].value)


def show(notices: Sequence[str]) -> None:
    """Show notices of the library, with its parameters named by their options."""
    display.show_notices(in_options(text) if isinstance(text, Message) else text for text in notices)


def save_drawings(drawings: Mapping[str, Callable[[], object]], folder: Path) -> None:
    """Draw pictures and save each in a folder under its name."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    for name, drawing in drawings.items():
        drawing()
        pyplot.savefig(folder / name, dpi=150)
        pyplot.close()
        display.say(f"Picture: {folder / name}")
