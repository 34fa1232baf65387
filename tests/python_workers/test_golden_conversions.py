"""Conversions agree with the real Pyodide and SDK, row by row: spec python-workers 1.6, 1.7, 2.6, 3, 4.

``tools/conversion_tables`` makes the table.
"""

import json
from pathlib import Path

import js
import pyodide.ffi
import pytest
from workers import python_from_rpc, python_to_rpc

from support import conversion_cases

GOLDEN = json.loads((Path(__file__).parent / "golden" / "conversions.json").read_text(encoding="utf-8"))

#: Rows in which this package differs on purpose: expression, what it says here, and why.
DIFFERS: dict[str, tuple[str, str]] = {
    'js.Object.new(**{"a": [1]}).a': ("list [int 1]", "a Python object that is kept without a proxy stays"),
    "create_proxy(js.Object.new())": ("proxy Object [object Object] True", "a proxy of a proxy is that proxy"),
    "isinstance(js.Promise.resolve(1), JsProxy)": ("bool True", "promises are proxies, not futures of asyncio"),
    'rpc(to_js({"a": 1}))': ("JsDict {'a': int 1}", "accepted, as Pyodide from 0.29 on accepts it (PW-2.17)"),
}

NAMES = {name: getattr(pyodide.ffi, name) for name in dir(pyodide.ffi) if not name.startswith("_")}


def rpc(value):
    return python_from_rpc(python_to_rpc(value))


@pytest.fixture(scope="module")
def rows():
    return conversion_cases.table({**NAMES, "js": js, "rpc": rpc})


def test_table_has_a_row_for_each_expression(rows):
    """PW-1.6.T1"""
    assert list(rows) == list(GOLDEN)


@pytest.mark.parametrize("expression", sorted(GOLDEN))
def test_value_is_that_of_pyodide(rows, expression):
    """PW-1.6.T1, PW-1.51, PW-2.6, PW-3.7"""
    expected, _reason = DIFFERS.get(expression, (GOLDEN[expression], ""))
    assert rows[expression] == expected


def test_every_difference_is_one(rows):
    """PW-1.6.T1"""
    assert [expression for expression in DIFFERS if rows[expression] == GOLDEN[expression]] == []
