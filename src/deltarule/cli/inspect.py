"""`deltarule check-gradient`, `deltarule explain` and `deltarule info`: the commands that look inside."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import deltarule
from deltarule.cli import display
from deltarule.cli.apply import ModelPath
from deltarule.cli.larger import larger_than_memory
from deltarule.cli.places import check_apart, files_in
from deltarule.common.errors import SettingsError

if TYPE_CHECKING:
    from deltarule.common.arrays import Array
    from deltarule.estimators.outcomes import Outcome
    from deltarule.tables.model import TableModel
    from deltarule.tabular.committee_model import CommitteeModel

__all__ = ["check_gradient", "explain", "info"]


class Form(StrEnum):
    """The format of an explanation."""

    text = "text"
    markdown = "markdown"
    html = "html"


ENDINGS = {".md": Form.markdown, ".html": Form.html, ".htm": Form.html}
"""The format for each ending of a file name; other files are text."""

LINES_OF_MEMBER = 80
"""Lines of text for a member, whose layers are ten: 80 show five of them."""

MEMBER = typer.Option(help="Which of several networks that predict together, counted from 1.", min=1)

Labelled = Annotated[
    Path,
    typer.Argument(
        help="Table with the columns and the target: a file, a folder, a pattern, or - for stdin.", show_default=False
    ),
]


def check_gradient(
    model: ModelPath,
    data: Labelled,
    rows: Annotated[int, typer.Option(help="Compute J and D on this many rows, from the first.", min=1)] = 20,
    parameters: Annotated[
        int | None, typer.Option(help="How many parameters to compare; by default all, up to 2 000.", min=1)
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the sample of parameters and of the direction.", min=0)] = 0,
    member: Annotated[int, MEMBER] = 1,
) -> None:
    """Compare the gradient D of a trained network with differences of its cost J; exit code 1 if they differ."""
    from deltarule.models.model_file import load_table_model
    from deltarule.reporting.computing import places_checked
    from deltarule.tables import read_table

    loaded = load_table_model(model)
    if larger_than_memory(data, None) is not None:
        from deltarule.tables.streamed.measuring import known_rows

        table = known_rows(loaded, data, rows)
    else:
        table = read_table(data, as_text=loaded.as_text)
        if loaded.target in table.columns:
            table = table[table[loaded.target].notna()] if table[loaded.target].notna().any() else table
    theta, of_several = _theta_of(loaded, member)
    examples = loaded.examples_of(table.iloc[:rows])
    display.show_notices(examples.notices)
    network, outcome = loaded.estimator.network_, loaded.outcome_of(examples)
    lambda_ = getattr(loaded.estimator, "alpha", 0.0)
    if parameters is None and of_several:
        parameters = places_checked(network)
    check = deltarule.check_gradient(
        network, theta, outcome.data.X, outcome.data.Y, lambda_=lambda_, parameters=parameters, seed=seed
    )
    display.say(f"Network {network}{of_several}, λ = {lambda_:g}, {display.rows(outcome.rows)}")
    display.say(str(check))
    if not check.passed:
        raise typer.Exit(1)


def explain(
    model: ModelPath,
    data: Labelled,
    row: Annotated[int, typer.Option(help="Row to explain, counted from 0.", min=0)] = 0,
    lines: Annotated[
        int | None,
        typer.Option(
            help="Most lines, counted as text; by default 40 for text, 80 of a member, 100 for other formats.", min=1
        ),
    ] = None,
    form: Annotated[
        Form | None,
        typer.Option(
            "--format",
            help="Markdown contains LaTeX; HTML is a whole page if written to a file. By default the ending of "
            "--output decides, .md or .html; otherwise text.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File to write; by default stdout.")] = None,
    member: Annotated[int, MEMBER] = 1,
) -> None:
    """Follow one row forward and back through the network: its equations with numbers.

    (1) to (6), and of one of several networks that predict together (7) to (11), too.
    """
    from deltarule.common.errors import TableError
    from deltarule.common.html import Html, page
    from deltarule.explain import explain as explain_trace
    from deltarule.files.whole import check_writable, write_whole
    from deltarule.models.model_file import load_table_model
    from deltarule.tables import read_table
    from deltarule.tabular.committee_model import CommitteeModel

    if form is None:
        form = ENDINGS.get("" if output is None else output.suffix.lower(), Form.text)
    if output is not None:
        check_apart([("MODEL", model), *files_in(data)], [("--output", output)])
        check_writable(output)
    loaded = load_table_model(model)
    if larger_than_memory(data, None) is not None:
        from deltarule.tables.streamed.measuring import row_of

        table = row_of(loaded, data, row)
    else:
        table = read_table(data, as_text=loaded.as_text)
        if row >= len(table):
            raise TableError(f"--row {row} is not there: the rows of {data} are 0 to {len(table) - 1}.")
        table = table.iloc[[row]]
    theta, of_several = _theta_of(loaded, member)
    examples = loaded.examples_of(table)
    display.show_notices(examples.notices)
    outcome = loaded.outcome_of(examples)
    trace = deltarule.trace_example(loaded.estimator.network_, theta, outcome.data.X[0], outcome.data.Y[0])
    line = f" (line {table.index[0]})" if table.index.name == "line" else ""
    inputs: list[str] = []
    if isinstance(loaded, CommitteeModel):
        heading = f"Row {row}{line}: {loaded.target} {_verdict_of_several(loaded, outcome, trace.h, of_several)}"
        inputs = loaded.estimator.columns_.names
    else:
        heading = f"Row {row}{line}: {loaded.target} {_verdict(loaded, outcome)}"
    is_on_screen = form is Form.text and output is None and display.stdout.is_terminal
    width = max(80, min(display.stdout.width, 140)) if is_on_screen else None
    if lines is None and form is Form.text and isinstance(loaded, CommitteeModel):
        lines = LINES_OF_MEMBER
    text = explain_trace(trace, form=form.value, lines=lines, width=width, heading=heading, inputs=inputs)
    if output is None:
        display.say(text)
        return
    whole = page(heading, Html(text)) if form is Form.html else f"{text.rstrip()}\n"
    write_whole(output, whole.encode())
    display.stderr.print(f"Explanation: {output}", markup=False, soft_wrap=True)


def info() -> None:
    """Show versions, and the engine and instruction set that are used."""
    from deltarule.reporting.provenance import versions

    for name, value in versions().items():
        display.say(f"{name:<13}{value}")


def _theta_of(model: "TableModel | CommitteeModel", member: int) -> "tuple[Array, str]":
    """Return θ of the single network, or of one member, and in words which of several it is.

    Raises
    ------
    SettingsError
        If there is no such member.
    """
    from deltarule.tabular.committee_model import CommitteeModel

    if not isinstance(model, CommitteeModel):
        if member > 1:
            raise SettingsError(f"The model is a single network, so there is no member {member}. Leave --member out.")
        return model.estimator.theta_, ""
    n = len(model.thetas)
    if member > n:
        raise SettingsError(f"There is no member {member}: the model has {n}. Give --member 1{f' to {n}' * (n > 1)}.")
    return model.thetas[member - 1], "" if n == 1 else f" of member {member} of {n}"


def _verdict_of_several(model: "CommitteeModel", outcome: "Outcome", h: "Array", of_several: str) -> str:
    """Return the true value of one row, what all members predict, and what the outputs of one stand for."""
    from deltarule.reporting.examples import text_of

    if outcome.classes is None or outcome.probabilities is None:
        scale = model.quantity
        mean, deviation = float(scale.means[0]), float(scale.deviations[0])
        own = text_of(mean + deviation * (h if outcome.quantiles else h[:1]).astype(float))
        of_one = f" ({own}{of_several})" if of_several else ""
        of_what = "" if not outcome.quantiles else f" (quantiles {', '.join(f'{one:g}' for one in outcome.quantiles)})"
        return (
            f"{outcome.y[0]:.6g}, predicted {text_of(outcome.predicted[0])}{of_what}{of_one}; "
            f"h and y are ({model.target} − {mean:.6g})/{deviation:.6g}"
        )
    classes = outcome.classes.tolist()
    shown = ", ".join(str(name) for name in classes[:10])
    best = int(outcome.probabilities[0].argmax())
    before = f"{100 * float(h[best]):.1f} %{of_several or ' of the network'}, before calibration"
    return (
        f"{outcome.y[0]}, predicted {outcome.predicted[0]} ({100 * outcome.probabilities[0].max():.1f} %; {before}); "
        f"outputs: {shown}{', …' if len(classes) > 10 else ''}"
    )


def _verdict(model: "TableModel", outcome: "Outcome") -> str:
    """Return the true and the predicted value of one row, and what each output of the network stands for."""
    if model.scale is not None:
        mean, deviation = model.scale.mean, model.scale.deviation
        return (
            f"{outcome.y[0]:.6g}, predicted {outcome.predicted[0]:.6g}; "
            f"h and y are ({model.target} − {mean:.6g})/{deviation:.6g}"
        )
    assert outcome.classes is not None
    assert outcome.probabilities is not None
    classes = outcome.classes.tolist()
    shown = ", ".join(str(name) for name in classes[:10])
    if outcome.data.Y.shape[1] == 1:
        outputs = f"h is the probability of {classes[1]}"
    else:
        outputs = f"outputs: {shown}{', …' if len(classes) > 10 else ''}"
    return f"{outcome.y[0]}, predicted {outcome.predicted[0]} ({100 * outcome.probabilities[0].max():.1f} %); {outputs}"
