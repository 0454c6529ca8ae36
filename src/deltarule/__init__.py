"""deltarule: multilayer perceptrons trained by backpropagation.

Exact, fast, open to inspection, at home in scikit-learn. Importing it loads NumPy and nothing heavier; estimators are
loaded when they are first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from deltarule.common.version import __version__ as __version__
from deltarule.network.backpropagation import cost, cost_and_gradient, hypothesis
from deltarule.network.gradient_check import GradientCheck, check_gradient
from deltarule.network.network import Network
from deltarule.network.parts import Dense, Unit
from deltarule.network.textbook import ExampleTrace, Trace, trace, trace_example
from deltarule.training.history import History, Progress

if TYPE_CHECKING:
    from deltarule.blocks.blocks import Blocks
    from deltarule.blocks.clearing import clear_cache
    from deltarule.estimators.classifier import MLPClassifier
    from deltarule.estimators.regressor import MLPRegressor
    from deltarule.exchange.reading.imported import Imported, read_foreign
    from deltarule.exchange.writing import export
    from deltarule.models.model_file import load
    from deltarule.pictures.cost_against_lambda import LambdaPath, lambda_path
    from deltarule.pictures.cost_against_m import SizePath, size_path
    from deltarule.reporting.content import Report
    from deltarule.reporting.of_fitted import report
    from deltarule.tables.model import TableModel
    from deltarule.tables.streamed.table_rows import TableRows
    from deltarule.tabular.classifier import TableClassifier
    from deltarule.tabular.committee_model import CommitteeModel
    from deltarule.tabular.regressor import TableRegressor
    from deltarule.training.checkpoint import Checkpoint

__all__ = [
    "Blocks",
    "Checkpoint",
    "CommitteeModel",
    "Dense",
    "ExampleTrace",
    "GradientCheck",
    "History",
    "Imported",
    "LambdaPath",
    "MLPClassifier",
    "MLPRegressor",
    "Network",
    "Progress",
    "Report",
    "SizePath",
    "TableClassifier",
    "TableModel",
    "TableRegressor",
    "TableRows",
    "Trace",
    "Unit",
    "check_gradient",
    "clear_cache",
    "cost",
    "cost_and_gradient",
    "export",
    "hypothesis",
    "lambda_path",
    "load",
    "play",
    "read_foreign",
    "report",
    "size_path",
    "trace",
    "trace_example",
]

_LATE = {
    "Blocks": "deltarule.blocks.blocks",
    "Checkpoint": "deltarule.training.checkpoint",
    "CommitteeModel": "deltarule.tabular.committee_model",
    "Imported": "deltarule.exchange.reading.imported",
    "LambdaPath": "deltarule.pictures.cost_against_lambda",
    "MLPClassifier": "deltarule.estimators.classifier",
    "MLPRegressor": "deltarule.estimators.regressor",
    "Report": "deltarule.reporting.content",
    "SizePath": "deltarule.pictures.cost_against_m",
    "TableClassifier": "deltarule.tabular.classifier",
    "TableModel": "deltarule.tables.model",
    "TableRegressor": "deltarule.tabular.regressor",
    "TableRows": "deltarule.tables.streamed.table_rows",
    "clear_cache": "deltarule.blocks.clearing",
    "export": "deltarule.exchange.writing",
    "load": "deltarule.models.model_file",
    "lambda_path": "deltarule.pictures.cost_against_lambda",
    "read_foreign": "deltarule.exchange.reading.imported",
    "report": "deltarule.reporting.of_fitted",
    "size_path": "deltarule.pictures.cost_against_m",
}


def __getattr__(name: str) -> Any:
    if name == "play":
        return import_module("deltarule.play")  # a package that can be called
    if name in _LATE:
        return getattr(import_module(_LATE[name]), name)
    raise AttributeError(f"module 'deltarule' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
