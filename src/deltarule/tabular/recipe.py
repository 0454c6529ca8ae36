"""The recipe of a network for a table: its parts, its settings and its schedules, by rules of rows, columns and task.

    row → [curves of the numbers | marks | vectors of the codes] → scale (7)
        → 3 × [256 units with a parameter of their own (11), dropout] → outputs

All numbers are those of RealMLP-TD, except where a comment says what was measured; none depends on a data set.

Source: Holzmüller, Grinsztajn and Steinwart, "Better by default: strong pre-tuned MLPs and boosted trees on tabular
data", 2024, RealMLP-TD for classification and for regression.
"""

from dataclasses import dataclass

from deltarule.engines import MiniBatches, UpdateRule
from deltarule.network.curves import Periodic
from deltarule.network.first_floor import Beside, Embedding, Keep, Scale
from deltarule.network.network import Network
from deltarule.network.parametric import Parametric
from deltarule.network.parts import Dense, Part
from deltarule.tabular.table_columns import TableColumns
from deltarule.training.settings import Settings
from deltarule.training.solvers import Adam

__all__ = ["Recipe", "batch_rows"]

EMBEDDING_WIDTH = 8
"""Numbers of the vector that is learnt for each word of a column with many words."""


@dataclass(frozen=True)
class Recipe:
    """Network and settings for a table.

    Attributes
    ----------
    learning_rate : float
        The largest step size; each group of parameters has a factor of its own (`tabular_factors`).
    unit : str
    epochs : int
    hidden : tuple of int
        Units of each hidden layer.
    dropout, weight_decay, smoothing : float
    beta_2 : float
    batch : int
        Rows of a mini-batch; twice as many above 30 000 training rows, four times as many above 100 000.
    least_batches : int
        A training set of fewer rows than this number of batches has is cut into so many smaller ones.
    """

    learning_rate: float
    unit: str
    epochs: int
    hidden: tuple[int, ...]
    dropout: float = 0.15
    weight_decay: float = 0.02
    smoothing: float = 0.0
    beta_2: float = 0.95
    batch: int = 256
    least_batches: int = 1

    @classmethod
    def for_labels(cls, epochs: int, hidden: tuple[int, ...], smooths: bool) -> "Recipe":
        """Return the recipe of a classifier."""
        return cls(learning_rate=0.04, unit="selu", epochs=epochs, hidden=hidden, smoothing=0.1 if smooths else 0.0)

    @classmethod
    def for_quantities(cls, epochs: int, hidden: tuple[int, ...]) -> "Recipe":
        """Return the recipe of a regressor.

        RealMLP-TD takes 256 epochs of batches of 256 rows, with steps of 0.2. Half of both are as many steps in half
        the time. The steps are shorter by the root of two, as the noise of a batch is larger, and RMSE is the same
        (docs/tables.md). So that fewer rows than a batch get as many steps too, they are cut in two.
        """
        return cls(learning_rate=0.14, unit="mish", epochs=epochs, hidden=hidden, batch=128, least_batches=2)

    def network(self, columns: TableColumns, K: int, output: str, output_numbers: tuple[float, ...] = ()) -> Network:
        """Return the network for some columns and K outputs."""
        parts: list[Part] = []
        kept = columns.n_scaled - columns.n_numbers
        first: list[Part] = [Periodic(columns.n_numbers)] if columns.n_numbers else []
        first += [Keep(kept)] if kept else []
        first += [Embedding(n, EMBEDDING_WIDTH) for n in columns.categories]
        if len(first) > 1:
            parts.append(Beside(first))
        elif not isinstance(first[0], Keep):
            parts.append(first[0])
        width = sum(part.outputs for part in first)
        parts.append(Scale(width))
        for units in self.hidden:
            parts += [Dense(width, units, first_from="data"), Parametric(units, self.unit)]
            width = units
        return Network([*parts, Dense(width, K, first_from="data")], output=output, output_numbers=output_numbers)

    @property
    def settings(self) -> Settings:
        """The schedules of step size, dropout and weight decay."""
        return Settings(
            learning_rate="coslog4",
            learning_rate_init=self.learning_rate,
            max_iter=self.epochs,
            dropout=self.dropout,
            dropout_schedule="flat_cos",
            weight_decay=self.weight_decay,
            weight_decay_schedule="flat_cos",
        )

    @property
    def rule(self) -> UpdateRule:
        """The update rule."""
        return Adam(0.9, self.beta_2)

    def batches(self, rows: int) -> MiniBatches:
        """Return how a training set is cut into batches."""
        return MiniBatches(batch_rows(rows, self.batch, self.least_batches))


def batch_rows(rows: int, fewest: int = 256, least_batches: int = 1) -> int:
    """Return the rows of a mini-batch.

    >>> [batch_rows(rows) for rows in (100, 5000, 10**6)]
    [100, 256, 1024]
    """
    return min(-(-rows // least_batches), fewest * (1 if rows <= 30_000 else 2 if rows <= 100_000 else 4))
