"""`deltarule play`: watch a network learn, on a page of this machine."""

import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from deltarule.cli import display
from deltarule.cli.larger import larger_than_memory
from deltarule.common.errors import InputError

__all__ = ["play"]

TABLES = (".csv", ".tsv", ".parquet", ".gz", ".pq")
"""Endings of tables; a file with another is a scene if it ends in .json, else a model."""


def play(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            help="A table to learn from, a model, a model and its table, or a scene file. Without any: a spiral.",
            show_default=False,
        ),
    ] = None,
    target: Annotated[
        str | None, typer.Option(help="Column to predict; by default the last one.", show_default=False)
    ] = None,
    scene: Annotated[
        str | None, typer.Option(help="A link of the page, or what follows its #.", show_default=False)
    ] = None,
    member: Annotated[
        int | None,
        typer.Option(help="Network of a model whose networks predict together, from 1.", show_default=False, min=1),
    ] = None,
    port: Annotated[int, typer.Option(help="Port of this machine; 0 takes any that is free.", min=0, max=65535)] = 0,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Print the address, and open no browser.", show_default=False)
    ] = False,
) -> None:
    """Watch a network learn, forwards and backwards, with every number; Ctrl-C ends it."""
    from deltarule.play.hosting import Page
    from deltarule.play.playing import opening_of

    kinds: dict[str, Path] = {}
    for path in files or []:
        suffix = path.suffix.lower()
        kind = "table" if suffix in TABLES else "scene" if suffix == ".json" else "model"
        if kind in kinds or (kind == "scene" and scene is not None):
            raise InputError(f"{kinds.get(kind, scene)} and {path} are both a {kind}. Give one of them.")
        kinds[kind] = path
    if "table" in kinds and (larger := larger_than_memory(kinds["table"], None)) is not None and larger.needs:
        raise InputError(f"{larger.needs}. The page takes rows in memory: give a part of them in a file of their own.")
    opening = opening_of(
        kinds.get("table"),
        kinds.get("model"),
        target=target,
        scene=kinds.get("scene") if scene is None else scene,
        member=member,
    )
    for notice in opening.dataset.notices:
        display.show_notices([notice])
    with Page(opening, port) as page, suppress(KeyboardInterrupt):  # the address is told before the wait begins
        display.say(f"The page is at {page.url}")
        display.say("Only this machine can open it, with this address. Ctrl-C ends it.")
        if not no_browser and not page.show():
            display.say("There is no browser here that could be opened: open the address yourself.")
        sys.stdout.flush()  # a pipe would keep the address until the end
        page.wait()
