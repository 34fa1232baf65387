"""Python objects as user code may hand them to the platform raw: what the expressions of ``raw_texts.json`` need.

Pyodide executes this file too, when the table is made anew; see ``raw_texts.mjs``.
"""

import datetime
import decimal
import enum
import pathlib
import uuid

import js
from pyodide.ffi import create_proxy, jsnull, to_js

__all__ = ["create_proxy", "datetime", "decimal", "js", "jsnull", "pathlib", "to_js", "uuid"]


class Colour(enum.Enum):
    RED = 1


class Number(enum.IntEnum):
    ONE = 1


class Word(enum.StrEnum):
    HELLO = "hello"


class Shown:
    def __str__(self):
        return "shown"


class OtherText(str):
    __slots__ = ()

    def __str__(self):
        return "other"


class OtherInt(int):
    def __str__(self):
        return "other"


class OtherFloat(float):
    def __str__(self):
        return "other"

    __repr__ = __str__
