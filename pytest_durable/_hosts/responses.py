"""Requests and responses as the test sees them."""

import json
from collections.abc import Mapping
from typing import Any

from pytest_durable._core.errors import ConfigurationError
from pytest_durable._core.messages import Request, Response


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
    base = request if isinstance(request, Request) else Request(url=request)
    body = init.get("body", base.body)
    headers = init.get("headers", base.headers)
    return Request(
        url=base.url,
        method=str(init.get("method", base.method)),
        headers={str(name).lower(): str(value) for name, value in dict(headers).items()},
        body=body.encode() if isinstance(body, str) else body,
    )


class Answer:
    """The answer to a fetch.

    Attributes:
        status: The status code.
        headers: Lower-case names to values.
    """

    def __init__(self, response: Response) -> None:
        self.status = response.status
        self.headers = dict(response.headers)
        self._body = response.body or b""

    def __repr__(self) -> str:
        return f"<response {self.status}, {len(self._body)} bytes>"

    async def bytes(self) -> bytes:
        """The body."""
        return self._body

    async def text(self) -> str:
        """The body as UTF-8 text."""
        return self._body.decode("utf-8", "replace")

    async def json(self) -> Any:
        """The body parsed as JSON."""
        return json.loads(self._body)
