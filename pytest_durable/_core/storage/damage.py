"""What a test is told when files are not what they should be: which file, and if it is known which object and key.

User code meets damage in the platform's words, which name none of them.
"""

import errno

from pytest_durable._core.errors import DamagedFileError, DirectoryError, UndecodableValueError
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


def unusable(path: str, failure: OSError) -> DirectoryError:
    """The operating system has refused something in a directory.

    Args:
        path: What it was about, if the failure does not say it.
        failure: What it said.
    """
    if isinstance(failure, FileNotFoundError):
        return DirectoryError(
            f"{failure.filename or path} cannot be used: its directory is gone.\n\n"
            "Something has removed it while a host used it. Stop the host first:  await durable.stop()"
        )
    return DirectoryError(f"{failure.filename or path} cannot be used: {failure.strerror}.\n\n{_next_step(failure)}")


def _next_step(failure: OSError) -> str:
    if isinstance(failure, PermissionError):
        return "Change the permissions, or work on a copy of the directory."
    if isinstance(failure, FileExistsError | IsADirectoryError | NotADirectoryError) or failure.errno == errno.ELOOP:
        return "Only databases may have their names there: remove what has taken one, or work on a copy."
    return "The directory must be on a disk that works and has room."
