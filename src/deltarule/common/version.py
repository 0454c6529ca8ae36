"""The version of the library, kept at the lowest level because files and reports name it too."""

__all__ = ["__version__"]

__version__ = "0.1.0"
