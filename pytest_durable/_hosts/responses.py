"""Requests and responses as the test sees them."""

import json
from collections.abc import Mapping
from typing import Any, Final

from pytest_durable._core.errors import ConfigurationError
from pytest_durable._core.messages import Request, Response
from pytest_durable._hosts.arguments import require

_FOR_EXAMPLE: Final = (
    'For example:  await stub.fetch("https://example.com/", method="POST", headers={"a": "b"}, body="text")'
)


def make_request(request: str | Request, init: Mapping[str, Any]) -> Request:
    """The request for ``stub.fetch(request, **init)``.

    Raises:
        ConfigurationError: An argument is none of those that exist.
    """
    unknown = set(init) - {"method", "headers", "body"}
    if unknown:
        raise ConfigurationError(
            f"fetch() got an unknown argument: {', '.join(sorted(unknown))}.\n\n  known  method, headers, body"
        )
    given: object = request
    require(
        isinstance(given, str | Request),
        "fetch() takes an address.",
        expected="a URL as text, or a Request",
        actual=request,
        advice=_FOR_EXAMPLE,
    )
    base = request if isinstance(request, Request) else Request(url=request)
    body = init.get("body", base.body)
    require(
        body is None or isinstance(body, str | bytes | bytearray | memoryview),
        "fetch(body=…) makes no sense.",
        expected="str, bytes or None",
        actual=body,
        advice="For JSON:  body=json.dumps(…)",
    )
    method = init.get("method", base.method)
    require(
        isinstance(method, str), "fetch(method=…) makes no sense.", expected="text", actual=method, advice=_FOR_EXAMPLE
    )
    return Request(
        url=base.url,
        method=method,
        headers=_headers(init.get("headers", base.headers)),
        body=body.encode() if isinstance(body, str) else None if body is None else bytes(body),
    )


def _headers(given: Any) -> dict[str, str]:
    try:
        pairs = dict(given)
    except (TypeError, ValueError):
        pairs = None
    require(
        pairs is not None,
        "fetch(headers=…) makes no sense.",
        expected="a dict, name to value",
        actual=given,
        advice=_FOR_EXAMPLE,
    )
    return {str(name).lower(): str(value) for name, value in (pairs or {}).items()}


class Answer:
    """The answer to a fetch.

    Attributes:
        status: The status code.
        headers: Lower-case names to values.
        exception: What the handler raised, if this is what the platform answers then; else None.
    """

    def __init__(self, response: Response, exception: BaseException | None = None) -> None:
        self.exception = exception
        self.status = response.status
        self.headers = dict(response.headers)
        self._body = response.body or b""

    def __repr__(self) -> str:
        raised = "" if self.exception is None else f", because of {self.exception!r}"
        return f"<response {self.status}, {len(self._body)} bytes{raised}>"

    async def bytes(self) -> bytes:
        """The body."""
        return self._body

    async def text(self) -> str:
        """The body as UTF-8 text."""
        return self._body.decode("utf-8", "replace")

    async def json(self) -> Any:
        """The body parsed as JSON."""
        return json.loads(self._body)
