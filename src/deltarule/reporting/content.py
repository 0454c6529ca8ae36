"""The content of a report: all its numbers, computed before anything is written."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deltarule.network.gradient_check import GradientCheck
from deltarule.network.network import Network
from deltarule.network.textbook import ExampleTrace
from deltarule.pictures.confusion_matrix import Confusion
from deltarule.pictures.cost_by_epoch import LearningCurve
from deltarule.pictures.importance import ColumnImportance
from deltarule.pictures.members import MemberCurves
from deltarule.pictures.network import NetworkPicture
from deltarule.pictures.predicted_against_true import PredictedAgainstTrue
from deltarule.pictures.ranking import Roc
from deltarule.pictures.reliability_diagram import Reliability
from deltarule.reporting.bootstrap import Measure
from deltarule.reporting.columns import Numbers, Words
from deltarule.reporting.examples import Costly
from deltarule.reporting.provenance import GivenSetting
from deltarule.training.history import History

__all__ = ["Report"]


@dataclass(frozen=True, eq=False)
class Report:
    """The content of a report; made by `report`, written to a file by `save`.

    Attributes
    ----------
    title : str
    about : mapping from str to str
        Facts about the data that the caller gives.
    rows : int
        m, the number of examples.
    n_columns : int
        Number of columns of the table, or of X.
    columns : tuple of Numbers or Words
        Summaries of the first columns.
    dropped : mapping from str to str
        Columns of the table that the model does not use, each with the reason.
    targets : tuple of Numbers or of (str, int)
        For quantities, a summary of each; for labels, each label with its number of rows.
    network : Network
    picture : NetworkPicture or None
        None for networks that predict together.
    history : History or None
        None for networks that predict together.
    advice : str
        A change that the costs by epoch suggest; may be empty.
    curve : LearningCurve or None
        None for networks that predict together.
    measures : tuple of Measure
        Measures on these rows, with bootstrap intervals.
    samples, seed : int
        Number of bootstrap samples, and the seed of the bootstrap and of the gradient check.
    confusion : Confusion or None
        None for quantities and for several labels.
    reliability : Reliability or None
        None for quantities and for several labels.
    ranking : Roc or None
        None for quantities.
    predictions : PredictedAgainstTrue or None
        None for labels.
    costly : tuple of Costly
        The examples with the highest cost.
    trace : ExampleTrace
        Forward and backward pass of the first example in `costly`; of the first of networks that predict together.
    gradient : GradientCheck
    checked_rows : int
        The gradient was checked on this many rows, from the first.
    settings : tuple of GivenSetting
    random_state : str
        The seed of the training, as Python writes it.
    versions : mapping from str to str
    command : str
        The command that makes the model and the report again.
    members : MemberCurves or None
        Of networks that predict together, what was watched of each; None for a single network.
    importance : ColumnImportance or None
        None for a single network.
    inputs : tuple of str
        Names of the inputs of the network; empty if they are the columns.
    """

    title: str
    about: Mapping[str, str]
    rows: int
    n_columns: int
    columns: tuple[Numbers | Words, ...]
    dropped: Mapping[str, str]
    targets: tuple[Numbers | tuple[str, int], ...]
    network: Network
    picture: NetworkPicture | None
    history: History | None
    advice: str
    curve: LearningCurve | None
    measures: tuple[Measure, ...]
    samples: int
    seed: int
    confusion: Confusion | None
    reliability: Reliability | None
    ranking: Roc | None
    predictions: PredictedAgainstTrue | None
    costly: tuple[Costly, ...]
    trace: ExampleTrace
    gradient: GradientCheck
    checked_rows: int
    settings: tuple[GivenSetting, ...]
    random_state: str
    versions: Mapping[str, str]
    command: str
    members: MemberCurves | None = None
    importance: ColumnImportance | None = None
    inputs: tuple[str, ...] = ()

    def html(self) -> str:
        """Return the report as one HTML page that needs no other file.

        Raises
        ------
        ImportError
            If matplotlib is missing.
        """
        from deltarule.reporting.document import document

        return document(self)

    def save(self, path: str | Path) -> None:
        """Write the page to a file; if writing fails, the file stays as it was.

        Raises
        ------
        ImportError
            If matplotlib is missing.
        OutputError
            If the file cannot be written.
        """
        from deltarule.files.whole import write_whole

        write_whole(path, self.html().encode())
