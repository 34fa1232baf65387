"""What requests and responses raise where JavaScript would reject.

Source: pyodide.http; spec python-workers 3.11, 1.58, 1.60.
"""

from typing import Any

from pytest_durable._core.platform_errors import tell, told
from pytest_durable._surfaces.wrapped.exceptions import JsException


class AbortError(OSError):
    """A fetch failed, or was aborted: the text says how."""

    def __init__(self, reason: Any) -> None:
        super().__init__(reason.message if isinstance(reason, JsException) else str(reason))
        instead = told(reason) if isinstance(reason, BaseException) else None
        if instead is not None:
            tell(self, instead)


class BodyUsedError(OSError):
    """The body was read before."""

    def __init__(self, *_args: Any) -> None:
        super().__init__("Response body is already used")


class HttpStatusError(OSError):
    """``raise_for_status`` of a response with a status of an error.

    Args:
        status: The status.
        status_text: Its reason phrase.
        url: The address that has answered.
    """

    def __init__(self, status: int, status_text: str, url: str) -> None:
        self.status, self.status_text, self.url = status, status_text, url
        whose = "Client" if 400 <= status <= 499 else "Server"
        super().__init__(f"{status} {whose} Error: {status_text} for url: {url}")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.status, self.status_text, self.url)


# Tracebacks name the module that user code imports them from.
AbortError.__module__ = BodyUsedError.__module__ = HttpStatusError.__module__ = "pyodide.http"


def pythonic(failure: JsException) -> Exception:
    """The exception of Python that stands for an error of the platform, where the SDK says so (spec 1.60)."""
    if failure.name == "RangeError":
        return ValueError(failure.message)
    return TypeError(failure.message) if failure.name == "TypeError" else failure
