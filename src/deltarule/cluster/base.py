"""The base class of the estimators of a cluster: an estimator of one machine, whose rows lie on the workers."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, clone, is_classifier
from sklearn.utils.validation import check_is_fitted

from deltarule.blocks.sources import Asked, is_dask, is_source
from deltarule.cluster.checks import check_environments
from deltarule.cluster.collections import CollectionParts, lazily
from deltarule.cluster.dask import DaskCluster, connected, held
from deltarule.cluster.engine import ClusterEngine
from deltarule.cluster.facts import encoding_of
from deltarule.cluster.journal import Journal
from deltarule.cluster.layout import Layout
from deltarule.cluster.placed import spans_in
from deltarule.cluster.placing import placed, profiled
from deltarule.cluster.rows import ClusterRows
from deltarule.cluster.scores import score_of
from deltarule.cluster.sources import ParquetParts, Parts
from deltarule.cluster.spans import rows_of_leaves
from deltarule.cluster.tasks import Work, environment
from deltarule.common.errors import InputError
from deltarule.common.messages import a
from deltarule.engines import engine_for
from deltarule.estimators.checking import check_width
from deltarule.estimators.choices import settings_of
from deltarule.training.record import Callback
from deltarule.training.settings import MINI_BATCH_SOLVERS

__all__ = ["ClusterMLP"]


class ClusterMLP(BaseEstimator):
    """Base class of the estimators of a cluster; do not use it directly."""

    of_one_machine: ClassVar[Any]
    """The estimator of one machine that has the same parameters."""

    client: Any
    parallel: str
    shards: int
    rounds_per_epoch: int
    resident: bool
    spans_per_worker: int
    span_rows: int | None
    solver: str
    random_state: Any

    local_: Any

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        eval_set: tuple[Any, ...] | None = None,
        callbacks: Sequence[Callback] = (),
        resume: bool = False,
        checkpoint: Any = None,
    ) -> Self:
        """Train on rows that lie on the workers of a Dask cluster.

        Parameters
        ----------
        X : frame or array of Dask, or path
            Columns are features and hold numbers. A path of Parquet files, a folder of them, a pattern or a list of
            paths is read by the workers, which must find it under the same name.
        y : series, frame or array of Dask with the partitions of X, or name of a column
            As for the estimator of one machine, but not probabilities.
        sample_weight : series or array of Dask, or name of a column, optional
            A weight of w counts as w copies of its row.
        eval_set : (X, y) or (X, y, sample_weight), optional
            Rows to measure cost and score on after each epoch: in the same forms, or as arrays in this process.
            Without it, early stopping of adam and sgd holds out rows chosen by a hash of their number.
        callbacks : sequence of callables
            Each is called with a `Progress` after each epoch, and stops the run by returning True.
        resume : bool, default False
            Continue the run that stopped, with bit-identical results. With `checkpoint`, that of the file.
        checkpoint : path or Checkpoint, optional
            A file to keep the run in. For adam and sgd as on one machine. For lbfgs, cg and gd a journal of every pass:
            a fit whose process died is repeated from it without computing anything twice.

        Raises
        ------
        ValueError
            If data or settings do not fit. A fit that fails leaves the previously fitted model unchanged.
        ClusterError
            If workers lack a package or memory, or die again and again.
        DivergedError
            If the cost becomes non-finite.
        """
        layout = Layout(**{name: getattr(self, name) for name in Layout.__dataclass_fields__})
        local = self._local()
        settings = settings_of(local)
        layout.way(settings)
        parts = self._parts(X, y, sample_weight)
        with ExitStack() as held_open:
            cluster = held_open.enter_context(self._cluster())
            rows = ClusterRows(cluster, parts, layout, self._parts, held_open)
            more: dict[str, Any] = {"resume": resume, "checkpoint": checkpoint}
            if checkpoint is not None and settings.solver not in MINI_BATCH_SOLVERS:
                rows.journal = Journal(getattr(checkpoint, "path", checkpoint), resume)
                held_open.callback(rows.journal.close)
                more = {}
                if local.random_state is None:
                    rows.seed = rows.journal.seed or int(np.random.default_rng().integers(1, 2**63))
                    local.set_params(random_state=rows.seed)
            local.fit(rows, eval_set=eval_set, callbacks=callbacks, **more)
            local.set_params(random_state=self.random_state)
            cluster.look()
            self._take_over(local, rows, cluster)
        return self

    def predict(self, X: Any) -> Any:
        """Return the prediction of each row as a collection of Dask, which is computed when it is asked for.

        Of a frame it is a series with the index of X, or a frame with a column for each of several targets; of an array
        an array.
        """
        return self._lazily(X, "predict")

    def to_local(self) -> Any:
        """Return the fitted estimator of one machine, which predicts with the same bits."""
        check_is_fitted(self, "local_")
        return clone_fitted(self.local_)

    def save(self, path: str | Path) -> None:
        """Write the fitted estimator of one machine to a model file; `deltarule.load` restores it bit-identically."""
        self.to_local().save(path)

    def __getattr__(self, name: str) -> Any:
        if name.endswith("_") and not name.startswith("_") and "local_" in vars(self):
            return getattr(self.local_, name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "client": None}  # a client belongs to its process

    def __sklearn_clone__(self) -> Self:
        own = self.get_params(deep=False)
        client = own.pop("client")  # which cannot be copied
        return type(self)(**{name: clone(value, safe=False) for name, value in own.items()}, client=client)

    def _keep(self, parameters: dict[str, Any]) -> None:
        """Set the arguments of the constructor, given as its `locals()`, as attributes."""
        self.__dict__.update((name, value) for name, value in parameters.items() if name not in ("self", "__class__"))

    def _local(self) -> Any:
        """Return an estimator of one machine with the same parameters, and what it learnt before if there is one."""
        names = self.of_one_machine._get_param_names()
        parameters = {name: getattr(self, name) for name in names}
        if "local_" in vars(self):
            return clone_fitted(self.local_).set_params(**parameters)
        return self.of_one_machine(**parameters)

    @contextmanager
    def _cluster(self) -> Iterator[DaskCluster]:
        with connected(self.client) as client:
            cluster = DaskCluster(client)
            try:
                check_environments(cluster.environments(environment))
                yield cluster
            finally:
                cluster.close()

    def _parts(self, X: Any, y: Any, sample_weight: Any = None) -> Parts:
        if is_dask(X):
            return CollectionParts.of(X, y, sample_weight, is_classifier(self))
        one = self.of_one_machine.__name__
        if isinstance(X, str | Path) or (isinstance(X, list | tuple) and is_source(X)):
            names = [y] if isinstance(y, str) else y
            if not (isinstance(names, list | tuple) and names and all(isinstance(name, str) for name in names)):
                raise InputError(f"X is a path, so y is the name of a column of it, and not {a(y)}.")
            if sample_weight is not None and not isinstance(sample_weight, str):
                raise InputError("X is a path, so sample_weight is the name of a column of it.")
            is_coded = is_classifier(self) and len(names) == 1
            return ParquetParts.of(X, Asked(names[0] if len(names) == 1 else tuple(names), sample_weight, is_coded))
        raise InputError(
            f"X is {a(X)}, and {type(self).__name__} takes frames and arrays of Dask, or the path of "
            f"Parquet files. {one} takes the {type(X).__name__}."
        )

    def _lazily(self, X: Any, method: str) -> Any:
        check_is_fitted(self, "local_")
        if not is_dask(X):
            raise InputError(
                f"X is {a(X)}, and {type(self).__name__} predicts frames and arrays of Dask. Take "
                f"to_local().{method}(X)."
            )
        width = len(X.columns) if hasattr(X, "columns") else X.shape[-1]
        check_width(self, width, self.local_.n_features_in_)
        model = self.to_local()
        names = getattr(model, "feature_names_in_", None)
        model.__dict__.pop("feature_names_in_", None)
        labels = None if method == "predict" else getattr(model, "classes_", None)
        return lazily(X, held(model), method, names, _example(model, method), labels)

    def _score(self, X: Any, y: Any, sample_weight: Any) -> float:
        """Return the default score, from sums that the workers make."""
        check_is_fitted(self, "local_")
        parts = self._parts(X, y, sample_weight)
        local = self.local_
        network, targets, theta = local.network_, local._targets, local.theta_
        check_width(self, parts.form.n_features, local.n_features_in_)
        with self._cluster() as cluster, engine_for(network, local.engine, 1) as inner:
            facts = profiled(cluster, parts)
            encoding = encoding_of(targets, theta.dtype, facts.dtype, is_learnt=False)
            span_rows = rows_of_leaves(facts.rows, self.spans_per_worker * len(cluster.workers))
            data = placed(cluster, parts, facts, encoding, network, chosen=None, span_rows=span_rows, resident=False)
            work = Work(network, local.engine, local.n_threads or 1)
            return score_of(targets, ClusterEngine(cluster, inner, work, work), data, facts)(theta)

    def _take_over(self, local: Any, rows: ClusterRows, cluster: DaskCluster) -> None:
        """Set all attributes of a finished fit; none of them is set earlier."""
        assert rows.task is not None
        engine = rows.task.engine
        X = spans_in(rows.task.training_set)
        assert isinstance(engine, ClusterEngine)
        assert X is not None
        of_row = (rows.task.network.sizes[0] + rows.task.network.K) * X.dtype.itemsize
        self.placement_ = {
            address: {
                "spans": len(numbers),
                "rows": (held_rows := sum(min(X.span_rows, len(X) - n * X.span_rows) for n in numbers)),
                "bytes": held_rows * of_row if self.resident else 0,
            }
            for address, numbers in cluster.placement(X.placed).items()
        }
        self.lost_workers_ = len(cluster.lost)
        self.n_passes_, self.overhead_ = engine.passes, engine.overhead
        self.local_ = local


def clone_fitted(estimator: Any) -> Any:
    """Return a copy of a fitted estimator of one machine, with arrays of its own."""
    kind: Any = type(estimator)
    copied = kind.__new__(kind)
    state = estimator.__getstate__()
    copied.__setstate__({name: value.copy() if name == "theta_" else value for name, value in state.items()})
    return copied


def _example(model: Any, method: str) -> Callable[[Any], Any]:
    return lambda X: getattr(model, method)(X.astype(model.theta_.dtype))
