"""SQLite's errors in the platform's words.

Source: spec durable-objects 5.3.6, 6.4.3, 6.6.
"""

from hashlib import blake2b
from typing import Final

import apsw

from pytest_durable._core.platform_errors import PlatformError, error

_CONSTRAINTS_VIOLATED: Final = (
    "Durable Object was reset and rolled back to its last known good state because the application left the database "
    "in a state where constraints were violated: "
)

#: After these, if SQLite rolled the transaction back by itself, the object cannot go on.
_CRITICAL: Final = frozenset({apsw.SQLITE_FULL, apsw.SQLITE_IOERR, apsw.SQLITE_NOMEM, apsw.SQLITE_INTERRUPT})


def describe(failure: apsw.Error) -> str:
    """The platform's text: message, offset in the statement, code, extended code."""
    # Errors that apsw raises on its own account carry no code.
    primary: int | None = getattr(failure, "result", None)
    if primary is None:
        return str(failure)
    offset: int = getattr(failure, "error_offset", -1)
    extended: int = getattr(failure, "extendedresult", primary)
    text = f"{failure}{f' at offset {offset}' if offset >= 0 else ''}: {apsw.mapping_result_codes[primary & 0xFF]}"
    if extended != primary and extended in apsw.mapping_extended_result_codes:
        text += f" (extended: {apsw.mapping_extended_result_codes[extended]})"
    return text


def platform_error(failure: apsw.Error) -> PlatformError:
    """What user code sees of a failed statement."""
    return error(describe(failure))


def commit_error(failure: apsw.Error) -> PlatformError | None:
    """What callers see of a failed commit; None: they see an internal error."""
    if isinstance(failure, apsw.ConstraintError):
        return error(_CONSTRAINTS_VIOLATED + describe(failure))
    return PlatformError(describe(failure), durable_object_reset=True) if is_critical(failure) else None


def internal_error(actor_hex: str, about: str) -> PlatformError:
    """The platform's opaque error; its reference depends only on the object and on what went wrong."""
    reference = blake2b(f"{actor_hex}\0{about}".encode("utf-8", "replace"), digest_size=12).hexdigest()
    return error(f"internal error; reference = {reference}")


def is_constraint_failure(failure: BaseException | None) -> bool:
    """Whether a failed commit is the application's own fault: it left a constraint violated."""
    while failure is not None and not isinstance(failure, apsw.ConstraintError):
        failure = failure.__cause__
    return failure is not None


def is_critical(failure: apsw.Error) -> bool:
    """Whether this is one of the errors after which SQLite may have rolled back by itself."""
    return getattr(failure, "result", None) in _CRITICAL
