"""Pyodide as the platform's language sees it."""

version: str
