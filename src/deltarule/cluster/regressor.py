"""DaskMLPRegressor: MLPRegressor for rows that lie on the workers of a Dask cluster."""

from collections.abc import Sequence
from typing import Any

from sklearn.base import RegressorMixin

from deltarule.cluster.base import ClusterMLP
from deltarule.estimators.regressor import MLPRegressor
from deltarule.network.parts import Unit

__all__ = ["DaskMLPRegressor"]


class DaskMLPRegressor(RegressorMixin, ClusterMLP):
    """Multilayer perceptron for quantities, whose rows lie on the workers of a Dask cluster.

    Parameters are those of `deltarule.MLPRegressor`, and these:

    Parameters
    ----------
    client : Client, optional
        Client of a Dask cluster. Default: the present one.
    parallel : {"auto", "full", "chain", "average"}, default "auto"
        `"full"`: every evaluation of J and D is a pass over all rows on all workers, for lbfgs, cg and gd. `"chain"`:
        for adam and sgd, the state of the run walks from span to span; the steps are those of one machine.
        `"average"`: shards take steps at once, and their states are averaged after every round; see `shards`.
        `"auto"`: the first that fits the solver.
    shards : int, default 8
        For `"average"`: parts of the rows that are trained on at once. The result depends on them, and not on workers.
    rounds_per_epoch : int, default 20
        For `"average"`: how often the states are averaged in an epoch.
    resident : bool, default True
        Keep the rows in the memory of the workers, as the network takes them. False: read them anew in every pass.
    spans_per_worker : int, default 4
        For `"full"`: the rows are cut into so many tasks for each worker.
    span_rows : int, optional
        For `"chain"`: rows that are shuffled together, rounded to whole batches; the results depend on it. Default: as
        many as fit into 32 MB.

    Attributes
    ----------
    local_ : MLPRegressor
        The fitted estimator; all of its attributes are attributes of this one too.
    placement_ : dict
        Of each worker the numbers of spans, rows and bytes that it held at the end.
    lost_workers_ : int
        Workers that went away during the fit.
    n_passes_ : int
        Calls of the cluster: for `"full"` evaluations, for the others about one an epoch.
    overhead_ : float
        Share of the time of the workers' threads in passes that was not arithmetic.

    Examples
    --------
    >>> import dask.array as da
    >>> from distributed import Client
    >>> from deltarule.cluster import DaskMLPRegressor
    >>> client = Client(processes=False, dashboard_address=":0")
    >>> X = da.arange(100, chunks=50).reshape(-1, 1) / 100.0
    >>> reg = DaskMLPRegressor(hidden_layer_sizes=(), solver="lbfgs", alpha=0.0, random_state=0)
    >>> reg = reg.fit(X, 2 * X[:, 0])
    >>> reg.predict(X[1:3]).compute().round(2).tolist()
    [0.02, 0.04]
    >>> client.close()
    """

    of_one_machine = MLPRegressor

    def __init__(
        self,
        loss: str = "squared_error",
        hidden_layer_sizes: Sequence[int] | int = (100,),
        activation: str | Unit | Sequence[str | Unit] = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: int | str = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: bool = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: int = 10,
        max_fun: int = 15000,
        dropout: float | Sequence[float] = 0.0,
        weight_decay: float = 0.0,
        dropout_schedule: str = "constant",
        weight_decay_schedule: str = "constant",
        max_grad_norm: float | None = None,
        warmup: float = 0.0,
        on_divergence: str = "raise",
        scoring: Any = None,
        engine: str = "auto",
        dtype: str = "auto",
        n_threads: int | None = None,
        client: Any = None,
        parallel: str = "auto",
        shards: int = 8,
        rounds_per_epoch: int = 20,
        resident: bool = True,
        spans_per_worker: int = 4,
        span_rows: int | None = None,
    ) -> None:
        self._keep(locals())

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return R², from sums that the workers make; X, y and weights as for `fit`."""
        return self._score(X, y, sample_weight)
