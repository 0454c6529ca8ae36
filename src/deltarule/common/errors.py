"""What can go wrong, as a tree.

DeltaruleError
├── InputError (ValueError)          data that does not fit: the message says what came, what fits, what to do
│   ├── ShapeError                   wrong number of rows, columns or parameters
│   └── TableError                   a file that is not a table, or a table without what was asked of it
├── SettingsError (ValueError)       a setting outside its range
├── DivergedError (ArithmeticError, and ValueError as in scikit-learn)  the cost became non-finite
├── ModelFileError                   a file that is not a model, or is damaged, or is of a newer version
├── CheckpointError                  a checkpoint of another run, or one that another run is writing
├── ClusterError (RuntimeError)      workers that died, are full, or lack a package
└── OutputError (OSError)            a place that cannot be written, found before the work instead of after it
"""

__all__ = [
    "CheckpointError",
    "ClusterError",
    "DeltaruleError",
    "DivergedError",
    "InputError",
    "ModelFileError",
    "OutputError",
    "SettingsError",
    "ShapeError",
    "TableError",
]


class DeltaruleError(Exception):
    """The root: catching it catches every error that this library raises on purpose."""


class InputError(DeltaruleError, ValueError):
    """Data that does not fit."""


class ShapeError(InputError):
    """A wrong number of rows, columns or parameters."""


class TableError(InputError):
    """A file that is not a table, or a table without what was asked of it."""


class SettingsError(DeltaruleError, ValueError):
    """A setting outside its range."""


class DivergedError(DeltaruleError, ArithmeticError, ValueError):
    """The cost became non-finite during training."""


class ModelFileError(DeltaruleError):
    """A file that is not a model, or is damaged, or was made by a newer version."""


class CheckpointError(DeltaruleError):
    """A checkpoint of another run, or one that another run is writing."""


class ClusterError(DeltaruleError, RuntimeError):
    """Workers that died, are full, or lack a package."""


class OutputError(DeltaruleError, OSError):
    """A place that cannot be written."""
