"""Estimators whose rows lie on the workers of a Dask cluster.

    from deltarule.cluster import DaskMLPClassifier
    clf = DaskMLPClassifier((256, 256), solver="lbfgs").fit(frame[features], frame["income"])

Importing it loads neither scikit-learn nor Dask, because workers, which need neither estimators nor a client, import
it too.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if find_spec("distributed") is None:
    raise ImportError("deltarule.cluster takes Dask: pip install 'deltarule[dask]'.")

if TYPE_CHECKING:
    from deltarule.cluster.classifier import DaskMLPClassifier
    from deltarule.cluster.regressor import DaskMLPRegressor

__all__ = ["DaskMLPClassifier", "DaskMLPRegressor"]

_LATE = {"DaskMLPClassifier": "deltarule.cluster.classifier", "DaskMLPRegressor": "deltarule.cluster.regressor"}


def __getattr__(name: str) -> Any:
    if name in _LATE:
        return getattr(import_module(_LATE[name]), name)
    raise AttributeError(f"module 'deltarule.cluster' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
