"""The version of the library, on the ground floor: files and reports name it too."""

__all__ = ["__version__"]

__version__ = "0.1.0"
