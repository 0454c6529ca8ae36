"""A network of another tool as plain data: what every reader ends in."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from deltarule.common.arrays import Array
from deltarule.common.errors import ModelFileError, SettingsError
from deltarule.exchange.reading.columns import Column, Numbers, Words, encoded_names, plain_columns
from deltarule.exchange.reading.stages import Activation, Chain, Stage, Weights, chain_of
from deltarule.network.network import Network
from deltarule.network.parts import Unit
from deltarule.network.units import HIDDEN_UNITS

__all__ = ["ForeignNetwork", "Found", "foreign_network"]

OUTPUTS = ("identity", "sigmoid", "softmax", "exp")


@dataclass(frozen=True, eq=False)
class Found:
    """What a reader found in a file.

    Attributes
    ----------
    tool : str
        Who wrote the file, in words.
    inputs : int
        Width of what the first stage takes.
    stages : sequence of Stage
    before : Weights or None
        From the inputs of the table to those of the first stage, where they are not the same.
    columns : tuple of Column or None
        None where the file names no columns.
    labels : tuple or None
        In the order of the outputs; two of one output. None where the file names no classes.
    notes : tuple of str
        What was folded and assumed, a sentence each.
    says_output : bool
        Whether the file says what its outputs are.
    has_classes : bool
        Whether logistic outputs mean classes in this tool; if not, they are numbers unless labels are given.
    shares_one : bool
        Whether K logistic outputs are divided by their sum.
    target : str
        Name of what is predicted.
    """

    tool: str
    inputs: int
    stages: Sequence[Stage]
    before: Weights | None = None
    columns: tuple[Column, ...] | None = None
    labels: tuple[Any, ...] | None = None
    notes: tuple[str, ...] = ()
    says_output: bool = True
    has_classes: bool = True
    shares_one: bool = False
    target: str = "y"


@dataclass(frozen=True, eq=False)
class ForeignNetwork:
    """A network that another tool trained.

    Attributes
    ----------
    tool : str
        Who wrote the file, in words.
    network : Network
    theta : array of shape (n_parameters,), float64
    labels : tuple or None
        Ascending, in the order of the outputs; None for quantities.
    several_labels : bool
        Whether a row has any number of labels.
    columns : tuple of Column
        What the network takes, as columns of a table.
    has_names : bool
        Whether the columns were named, by the file or by the caller.
    target : str
    notes : tuple of str
        What was folded and assumed, a sentence each.
    """

    tool: str
    network: Network
    theta: Array
    labels: tuple[Any, ...] | None
    several_labels: bool
    columns: tuple[Column, ...]
    has_names: bool
    target: str
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        units = ", ".join(map(str, self.network.hidden_units)) or "none"
        outputs = self.network.output
        if self.labels is not None:
            outputs += f" for {', '.join(map(str, self.labels[:10]))}{', …' if len(self.labels) > 10 else ''}"
        lines = [f"{self.tool}: network {self.network}", f"hidden units: {units}", f"outputs: {outputs}"]
        names = [column.name for column in self.columns]
        lines += [f"columns: {', '.join(names[:20])}{', …' if len(names) > 20 else ''}"] if self.has_names else []
        return "\n".join([*lines, *self.notes])


def foreign_network(
    found: Found,
    *,
    labels: Sequence[Any] | None = None,
    output: str | None = None,
    features: Sequence[str] | None = None,
) -> ForeignNetwork:
    """Return what a reader found as a network, with what the caller says besides.

    Raises
    ------
    SettingsError
        If the file leaves open what must be known, or the caller says what does not fit it.
    ModelFileError
        If the network cannot be one of this library.
    """
    chain = chain_of(found.inputs, found.stages)
    if found.before is not None:
        first = chain.thetas[0]
        chain.thetas[0] = np.column_stack([first[:, 0] + first[:, 1:] @ found.before.b, first[:, 1:] @ found.before.W])
    notes = list(found.notes)
    _say_output(found, chain, output)
    named = _labels(found, labels)
    unit, several = _output_of(found, chain, named, notes)
    ascending = None if named is None else _sort(chain, named, notes)
    columns = _columns(found, chain, features)
    hidden = tuple(_hidden(unit) for unit in chain.units[:-1])
    sizes = (chain.thetas[0].shape[1] - 1, *(len(Theta) for Theta in chain.thetas))
    network = Network(sizes, hidden, unit)
    return ForeignNetwork(
        tool=found.tool,
        network=network,
        theta=network.unroll(chain.thetas).astype(np.float64),
        labels=ascending,
        several_labels=several,
        columns=columns,
        has_names=found.columns is not None or features is not None,
        target=found.target,
        notes=tuple(notes),
    )


def _say_output(found: Found, chain: Chain, output: str | None) -> None:
    """Put the outputs that the caller names behind the last matrix."""
    last = chain.units[-1].name
    if output is None:
        if not found.says_output and last == "identity":
            raise SettingsError(
                f"{found.tool} names no output units. Say what the network was trained to give: output='softmax' "
                "(cross-entropy over classes), 'sigmoid' (logistic loss), 'identity' (quantities) or 'exp' (Poisson); "
                "on the command line --output-unit."
            )
        return
    if output not in OUTPUTS:
        raise SettingsError(f"output={output!r} is not an output unit. Take one of {', '.join(OUTPUTS)}.")
    if last != "identity":
        same = {"sigmoid": "logistic"}.get(output, output)
        if last != same:
            raise SettingsError(
                f"output={output!r} is asked for, but {found.tool} ends in {last} units itself. Leave output out."
            )
        return
    chain.units[-1] = Activation({"sigmoid": "logistic"}.get(output, output))


def _labels(found: Found, labels: Sequence[Any] | None) -> list[Any] | None:
    if labels is None:
        return None if found.labels is None else list(found.labels)
    given = list(labels)
    if isinstance(labels, str) or len(given) < 1:
        raise SettingsError(f"labels={labels!r} is no list of labels. Pass one name for each class, in their order.")
    if found.labels is not None and len(given) != len(found.labels):
        raise SettingsError(
            f"{len(given)} labels are given, but {found.tool} names {len(found.labels)} classes itself: "
            f"{', '.join(map(str, found.labels[:10]))}. Leave labels out, or rename all."
        )
    return given


def _output_of(found: Found, chain: Chain, labels: list[Any] | None, notes: list[str]) -> tuple[str, bool]:
    """Return the output units, and whether rows have several labels; other last units become a hidden layer."""
    last, K = chain.units[-1].name, chain.outputs
    is_class = last == "softmax" or (last == "logistic" and (found.has_classes or labels is not None))
    if last == "softmax" and K == 1:
        raise ModelFileError("it ends in a softmax of one output, which is the constant 1.")
    if is_class and labels is None:
        names = 2 if K == 1 else K
        raise SettingsError(
            f"{found.tool} names no classes, and {K} {last} {'output says' if K == 1 else 'outputs say'} which of "
            f"{names} a row belongs to. Pass their labels in this "
            f"order{', the second for output 1' if K == 1 else ''}: "
            f"labels=[…] with {names} names; on the command line --labels no,yes."
        )
    if labels is not None and not is_class:
        raise SettingsError(
            f"Labels are given, but {found.tool} ends in {last} outputs, which are no probabilities. Leave labels out"
            + (", or say what makes them probabilities: output='softmax' or 'sigmoid'." if last == "identity" else ".")
        )
    if is_class and labels is not None:
        fits = len(labels) == 2 if K == 1 else len(labels) == K
        if not fits:
            raise SettingsError(
                f"{len(labels)} labels are given, but the network has {K} {last} "
                f"{'output, which tells two classes apart' if K == 1 else f'outputs, one for each of {K} classes'}."
            )
        several = last == "logistic" and K > 1 and not found.shares_one
        if several:
            notes.append("Each logistic output is taken for a label of its own: a row may have several, or none.")
        return ("softmax" if last == "softmax" else "sigmoid"), several
    if last in ("identity", "exp"):
        return last, False
    chain.put_behind()
    notes.append(f"The outputs are {last} units, written as a hidden layer with identity outputs behind it.")
    return "identity", False


def _sort(chain: Chain, labels: list[Any], notes: list[str]) -> tuple[Any, ...]:
    """Put outputs in the ascending order of their labels."""
    kinds = {_kind(label) for label in labels}
    if len(kinds) > 1 or None in kinds or len(set(labels)) < len(labels):
        raise SettingsError(
            f"The labels {labels[:10]!r} cannot tell classes apart: take different ones, all texts or all numbers."
        )
    order = sorted(range(len(labels)), key=lambda n: labels[n])
    if order != list(range(len(labels))):
        Theta = chain.thetas[-1]
        chain.thetas[-1] = -Theta if len(Theta) == 1 else Theta[order]
        notes.append(
            f"The outputs stood in the order {', '.join(map(str, labels[:10]))}; here labels ascend, so their rows of "
            f"Θ were {'negated' if len(Theta) == 1 else 're-ordered'}."
        )
    return tuple(labels[n] for n in order)


def _kind(label: Any) -> type | None:
    if isinstance(label, bool | np.bool_):
        return bool
    if isinstance(label, int | float | np.number):
        return float
    return str if isinstance(label, str) else None


def _columns(found: Found, chain: Chain, features: Sequence[str] | None) -> tuple[Column, ...]:
    width = chain.thetas[0].shape[1] - 1
    columns = found.columns or plain_columns([f"x{n}" for n in range(1, width + 1)])
    if features is None:
        names = [column.name for column in columns]
        if len(set(names)) < len(names):
            raise ModelFileError("it names two columns alike.")
    else:
        if isinstance(features, str) or len(features) != len(columns) or len(set(features)) < len(features):
            raise SettingsError(
                f"features={features!r} does not name the {len(columns)} columns that the network takes. Pass a name "
                "for each, in their order."
            )
        columns = tuple(
            Words(str(name), column.words, column.has_mark)
            if isinstance(column, Words)
            else Numbers(str(name), column.gap, column.has_mark)
            for name, column in zip(features, columns, strict=True)
        )
    if len(encoded_names(columns)) != width:
        raise ModelFileError(f"its columns make {len(encoded_names(columns))} inputs, but the network takes {width}.")
    return columns


def _hidden(unit: Activation) -> Unit:
    if unit.name not in HIDDEN_UNITS:
        raise ModelFileError(
            f"it has hidden units {unit.name}, which do not exist here. Known are {', '.join(HIDDEN_UNITS)}."
        )
    try:
        return Unit(unit.name, *unit.numbers)
    except SettingsError as error:
        raise ModelFileError(f"it has hidden units that do not fit: {error}") from None
