"""What a test is told when a database that could be opened cannot be read through: which file, object and key.

User code meets the same in the platform's words, which name none of them.
"""

from pytest_durable._core.errors import DamagedFileError, UndecodableValueError
from pytest_durable._core.storage.codec import UndecodableError


def corrupt_page(path: str, actor_hex: str, problem: object) -> DamagedFileError:
    """SQLite has come upon a page that makes no sense."""
    return DamagedFileError(
        f"{path} is damaged: SQLite says {problem}.\n\n"
        f"  object  {actor_hex}\n\n"
        "Restore the file from a copy, or remove it to begin anew."
    )


def undecodable(path: str, actor_hex: str, key: str, failure: UndecodableError) -> UndecodableValueError:
    """The bytes of a value are none that the platform could read."""
    return UndecodableValueError(
        f"The value of {key!r} of object {actor_hex} cannot be decoded: {failure.reason} (byte {failure.offset}).\n\n"
        f"  file   {path}\n\nNothing was changed."
    )
