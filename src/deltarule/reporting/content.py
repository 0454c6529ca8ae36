"""What a report holds: every number of it, computed before anything is written."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deltarule.network.gradient_check import GradientCheck
from deltarule.network.network import Network
from deltarule.network.textbook import ExampleTrace
from deltarule.pictures.confusion_matrix import Confusion
from deltarule.pictures.cost_by_epoch import LearningCurve
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
    """Everything that a report says; made by `report`, written by `save`.

    Attributes
    ----------
    title : str
    about : mapping from str to str
        What the caller says of the data.
    rows : int
        m, the examples that it is about.
    n_columns : int
        Of the table, or of X.
    columns : tuple of Numbers or Words
        The first of them.
    dropped : mapping from str to str
        Columns of the table that the model does not use, and why.
    targets : tuple of Numbers or of (str, int)
        For quantities, a summary of each; for labels, each with its number of rows.
    network : Network
    picture : NetworkPicture
    history : History
    advice : str
        What the costs by epoch suggest to change; may be empty.
    curve : LearningCurve
    measures : tuple of Measure
        On these rows, with bootstrap intervals.
    samples, seed : int
        Of the bootstrap; the seed is that of the gradient check too.
    confusion : Confusion or None
        None for quantities and for several labels.
    reliability : Reliability or None
        Likewise.
    ranking : Roc or None
        None for quantities.
    predictions : PredictedAgainstTrue or None
        None for labels.
    costly : tuple of Costly
        The examples that the model gets most wrong.
    trace : ExampleTrace
        The way of the first of these through the network.
    gradient : GradientCheck
    checked_rows : int
        The first so many rows, on which the gradient was checked.
    settings : tuple of GivenSetting
    random_state : str
        The seed of the training, as Python writes it.
    versions : mapping from str to str
    command : str
        What makes the model and the report again.
    """

    title: str
    about: Mapping[str, str]
    rows: int
    n_columns: int
    columns: tuple[Numbers | Words, ...]
    dropped: Mapping[str, str]
    targets: tuple[Numbers | tuple[str, int], ...]
    network: Network
    picture: NetworkPicture
    history: History
    advice: str
    curve: LearningCurve
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

    def html(self) -> str:
        """Return the report as one page of HTML that asks for no other file.

        Raises
        ------
        ImportError
            If matplotlib, which draws the pictures, is missing.
        """
        from deltarule.reporting.document import document

        return document(self)

    def save(self, path: str | Path) -> None:
        """Write the page to a file, whole or not at all.

        Raises
        ------
        ImportError
            If matplotlib is missing.
        OutputError
            If the file cannot be written.
        """
        from deltarule.files.whole import write_whole

        write_whole(path, self.html().encode())
