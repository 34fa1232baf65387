"""What the test catches for what JavaScript threw."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from pytest_durable._core.platform_errors import PlatformError
from pytest_durable._core.storage.values import JSError
from pytest_durable._hosts.workerd.frames import frames
from pytest_durable._hosts.workerd.records import Thrown

#: What the platform adds to the properties of whatever is thrown; ``PlatformError`` has names of its own for it.
_ADDED: Final = frozenset(("remote", "retryable", "overloaded", "durableObjectReset", "durableObjectId"))


def error_of(thrown: object, stack_of: Callable[[str], str | None]) -> PlatformError:
    """What the test catches for what JavaScript threw; a note says where, if that is known."""
    if isinstance(thrown, JSError):
        failure = _platform_error(str(thrown.message), str(thrown.name), thrown.properties)
        own = {key: held for key, held in thrown.properties.items() if key != "stack" and key not in _ADDED}
        vars(failure).update(own)
        return _with_places(failure, stack_of(failure.message))
    added: Mapping[str, Any] = {}
    if isinstance(thrown, dict):
        added, thrown = thrown, {key: held for key, held in thrown.items() if key not in _ADDED}
    failure = _platform_error(str(thrown), "Error", added)
    failure.add_note(f"JavaScript threw a value that is no error: {thrown!r}")
    return failure


def error_of_event(outcome: str, thrown: Thrown | None) -> PlatformError:
    """What the test catches for an event of the Worker that has not ended well.

    Args:
        outcome: The platform's word for its end.
        thrown: The exception that left its handler, if the platform has told one.
    """
    if thrown is None:
        return PlatformError(f"The event ended with the outcome {outcome!r}.")
    return _with_places(PlatformError(thrown.message, name=thrown.name), thrown.stack)


def _platform_error(message: str, name: str, added: Mapping[str, Any]) -> PlatformError:
    object_id = added.get("durableObjectId")
    return PlatformError(
        message,
        name=name,
        remote=added.get("remote") is True,
        retryable=added.get("retryable") is True,
        overloaded=added.get("overloaded") is True,
        durable_object_reset=added.get("durableObjectReset") is True,
        durable_object_id=object_id if isinstance(object_id, str) else None,
    )


def _with_places(failure: PlatformError, stack: object) -> PlatformError:
    if places := frames(stack):
        failure.add_note(f"In JavaScript:\n{places}")
    return failure
