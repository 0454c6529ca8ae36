"""`read_foreign`: a file of another tool as a fitted estimator."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deltarule.estimators.classifier import MLPClassifier
from deltarule.estimators.regressor import MLPRegressor
from deltarule.exchange.reading.convert import encoder_of, estimator_of, table_model_of
from deltarule.exchange.reading.own import OwnModel, own_model
from deltarule.exchange.reading.read import network_in
from deltarule.tables.encoding import TableEncoder
from deltarule.tables.model import TableModel
from deltarule.tabular.base import BaseTable
from deltarule.tabular.committee_model import CommitteeModel

__all__ = ["Imported", "read_foreign"]

STANDARDISED = "The estimator gives the quantity standardised; saved as a model of a table, in its own units."


@dataclass(frozen=True, eq=False)
class Imported:
    """A network that another tool trained, ready to predict, to be looked into and to be saved.

    Printed, it says what was understood: sizes, units, what was folded into Θ, what was assumed.

    Attributes
    ----------
    estimator : MLPClassifier, MLPRegressor, TableClassifier or TableRegressor
        Fitted. An estimator of tables, which only files of this library hold, takes frames; another one takes what
        `encoder` makes of a table, or plain rows of numbers where there is none.
    encoder : TableEncoder or None
        What the columns of a table become; None where neither the file nor the caller names columns.
    notices : tuple of str
        What was folded and assumed, a sentence each.
    target : str
        Name of what is predicted.
    """

    estimator: MLPClassifier | MLPRegressor | BaseTable
    encoder: TableEncoder | None
    notices: tuple[str, ...]
    target: str
    _model: OwnModel
    _text: str

    def __str__(self) -> str:
        return self._text

    @property
    def is_of_tables(self) -> bool:
        """Whether a model of a table is saved, which predicts one number or one label of each row."""
        return isinstance(self._model, TableModel | CommitteeModel)

    def save(self, path: str | Path) -> None:
        """Write a model file: of a table, with columns x1, x2, … if they have no names, where one value is predicted.

        Raises
        ------
        OutputError
            If the file cannot be written.
        """
        self._model.save(path)


def read_foreign(
    path: str | Path,
    *,
    format: str | None = None,  # noqa: A002
    labels: Sequence[Any] | None = None,
    output: str | None = None,
    features: Sequence[str] | None = None,
    target: str | None = None,
    activation: Any = None,
    layers: Sequence[str] | None = None,
    table: str | Path | None = None,
) -> Imported:
    """Read a network that another tool trained, as a fitted estimator.

    Nothing that a file holds is run, and no pickle is opened. Scalings, steepness and batch normalisation are folded
    into Θ; what does not fit (skip connections, other units) is refused by name, and nothing is guessed: where a file
    does not say what must be known, the error names the argument that says it.

    Parameters
    ----------
    path : path
        ONNX; Keras `.keras` and `.h5`; safetensors and PyTorch state dicts; PMML; R's nnet in `.rds` or `.RData`; the
        text of MATLAB's `genFunction`; OpenCV's ANN_MLP in XML, YAML or JSON; the text of Weka's MultilayerPerceptron;
        FANN `.net`.
    format : str, optional
        One of "fann", "h5", "keras", "matlab", "nnet", "onnx", "opencv", "pmml", "safetensors", "torch", "weka". By
        default what the file looks like.
    labels : sequence, optional
        Of the classes, in the order of the outputs; of one sigmoid output two, the second being what it is the
        probability of. Needed where outputs are probabilities and the file does not name classes.
    output : {"softmax", "sigmoid", "identity", "exp"}, optional
        What the outputs are, where the file ends in a matrix: always for state dicts, and for logits.
    features : sequence of str, optional
        Names of the columns, in the order of the inputs.
    target : str, optional
        Name of what is predicted.
    activation : str, Unit, or sequence of them, optional
        Units of the hidden layers of a state dict: "relu", "leaky_relu(0.2)", or one for each layer.
    layers : sequence of str, optional
        Modules of a state dict in the order in which they are called, with units between them: ["fc1", "relu", "out"].
    table : path, optional
        The ARFF file that Weka's network was trained on.

    Returns
    -------
    imported : Imported

    Raises
    ------
    ModelFileError
        If the file is missing, damaged, of no known format, or holds a network that does not fit.
    SettingsError
        If the file leaves open what must be known; the message names the argument that says it.
    ImportError
        If it takes a package that is not installed: PyTorch for files of `torch.save`.

    Examples
    --------
    >>> imported = read_foreign("net.onnx", labels=["no", "yes"])  # doctest: +SKIP
    >>> imported.estimator.predict_proba(X)  # doctest: +SKIP
    """
    own = own_model(path) if format in (None, "onnx", "safetensors") else None
    if own is not None:
        return _of_own(own)
    foreign = network_in(
        path,
        format=format,
        labels=labels,
        output=output,
        features=features,
        activation=activation,
        layers=layers,
        table=table,
    )
    estimator, encoder = estimator_of(foreign), encoder_of(foreign)
    target = target or foreign.target
    is_one = not foreign.several_labels if foreign.labels is not None else foreign.network.K == 1
    model = table_model_of(foreign, estimator, encoder, target) if is_one else estimator
    named = encoder if foreign.has_names else None
    return Imported(estimator, named, foreign.notes, target, model, str(foreign))


def _of_own(model: OwnModel) -> Imported:
    """Return a model that this library wrote: nothing was folded or assumed."""
    estimator = model.estimator if isinstance(model, TableModel | CommitteeModel) else model
    network = estimator.network_
    units = ", ".join(map(str, network.hidden_units)) or "none"
    lines = [f"A file of deltarule: network {network}", f"hidden units: {units}", f"outputs: {network.output}"]
    if isinstance(estimator, BaseTable):
        lines.insert(1, f"{type(estimator).__name__} of {len(estimator.thetas_)} members")
        lines.append(f"columns: {', '.join(estimator.columns_.used)}")
        target = model.target if isinstance(model, CommitteeModel) else "y"
        return Imported(estimator, None, (), target, model, "\n".join(lines))
    if not isinstance(model, TableModel):
        return Imported(estimator, None, (), "y", model, "\n".join(lines))
    lines.append(f"columns: {', '.join(model.encoder.kinds)}")
    notices = () if model.scale is None else (STANDARDISED,)
    return Imported(estimator, model.encoder, notices, model.target, model, "\n".join([*lines, *notices]))
