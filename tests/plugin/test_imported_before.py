"""A module of the platform that was imported before the plugin: spec python-workers PW-0.6."""

import pytest

from support.inner import run_inner

EARLY = """
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

here = Path(__file__).parent
sys.path.insert(0, str(here / "site"))
module = ModuleType("pyodide")
module.__spec__ = ModuleSpec("pyodide", None, origin=str(here / "site" / "pyodide" / "__init__.py"))
sys.modules["pyodide"] = module
"""

FILES = {
    "early.py": EARLY,
    "site/pyodide/__init__.py": "",
    "site/pyodide_py-0.28.2.dist-info/METADATA": "Metadata-Version: 2.1\nName: pyodide-py\nVersion: 0.28.2\n",
    "site/pyodide_py-0.28.2.dist-info/RECORD": "pyodide/__init__.py,,\n",
    "test_project.py": "def test_nothing():\n    pass\n",
}


def test_module_that_cannot_run_and_is_imported_already_is_a_usage_error(tmp_path):
    """PW-0.6"""
    run = run_inner(tmp_path, FILES, "-p", "early", "-p", "no:hypothesispytest")
    assert run.status == pytest.ExitCode.USAGE_ERROR
    assert "The module 'pyodide' is imported already, and it is not the one that pytest-durable serves." in run.err
    assert "durable_surface = off" in run.err
