"""Pyodide."""

__version__: str
