"""`deltarule cache`."""

from typing import Annotated

import typer

from deltarule.cli import display
from deltarule.cli.sizes import bytes_of, size_of

__all__ = ["cache"]


def cache(
    clear: Annotated[bool, typer.Option("--clear", help="Remove all of them.")] = False,
    max_size: Annotated[
        str | None,
        typer.Option(help="Keep those that were used last, up to this size: 10GB.", show_default=False),
    ] = None,
    max_days: Annotated[
        float | None, typer.Option(help="Remove those that were not used for more days.", min=0, show_default=False)
    ] = None,
) -> None:
    """Show the tables that were converted for training, or remove them: they are converted again when needed.

    They lie in the folder that the environment variable DELTARULE_CACHE names, or in your folder of caches.
    """
    from deltarule.blocks.cache import cache_folder
    from deltarule.blocks.clearing import clear_cache, kept_rows

    most = None if max_size is None else bytes_of(max_size, "--max-size")
    if clear and (most is not None or max_days is not None):
        raise typer.BadParameter("it removes all of them. Leave out --max-size and --max-days.", param_hint="--clear")
    if clear or most is not None or max_days is not None:
        removed = clear_cache(max_bytes=most, max_days=max_days)
        size = size_of(sum(rows.bytes for rows in removed))
        display.say(f"Removed {len(removed)} {'file' if len(removed) == 1 else 'files'} of {size}.")
    kept = kept_rows()
    for rows in kept:
        display.say(f"{rows.path.name}  {size_of(rows.bytes):>8}  last used {rows.days:.0f} days ago")
    display.say(
        f"{cache_folder()} holds {len(kept)} converted {'table' if len(kept) == 1 else 'tables'} of "
        f"{size_of(sum(rows.bytes for rows in kept))}."
    )
