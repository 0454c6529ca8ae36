"""The exceptions of the library, at their public address."""

from deltarule.common.errors import (
    CheckpointError,
    ClusterError,
    DeltaruleError,
    DivergedError,
    InputError,
    ModelFileError,
    OutputError,
    SettingsError,
    ShapeError,
    TableError,
)

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
