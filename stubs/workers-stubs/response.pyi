"""Responses."""

from http import HTTPStatus
from typing import Any

from workers._platform import Body, Headers, WebSocketEnd

class Response(Body):
    """A response: what ``fetch`` of an object returns, and what ``stub.fetch`` answers."""

    status: int
    status_text: str
    def __init__(
        self,
        body: str | bytes | None = None,
        status: int | HTTPStatus | None = None,
        status_text: str = "",
        headers: dict[str, str] | list[tuple[str, str]] | None = None,
        web_socket: WebSocketEnd | None = None,
    ) -> None: ...
    @property
    def js_object(self) -> Any:
        """The platform's own object."""

    @property
    def ok(self) -> bool:
        """Whether the status says success."""

    @property
    def headers(self) -> Headers:
        """The headers."""

    @classmethod
    def from_json(
        cls,
        data: Any,
        status: int | HTTPStatus | None = None,
        status_text: str = "",
        headers: dict[str, str] | list[tuple[str, str]] | None = None,
    ) -> Response:
        """A response whose body is ``data`` as JSON."""
