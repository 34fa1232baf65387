"""Damage done to the files of objects, while no host uses them."""

import sqlite3
from pathlib import Path


def spoil_page_of_values(path: Path, table: str = "_cf_KV") -> None:
    """Overwrite the page on which the rows are: the file can be opened, and its schema be read."""
    connection = sqlite3.connect(path)
    ((page,),) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).fetchall()
    connection.close()
    content = bytearray(path.read_bytes())
    content[(page - 1) * 4096 : page * 4096] = b"\xee" * 4096
    path.write_bytes(content)
