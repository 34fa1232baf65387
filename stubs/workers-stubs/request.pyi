"""Requests."""

from http import HTTPMethod

from workers._platform import Body, Headers

class Request(Body):
    """A request, as a handler receives it or as ``stub.fetch`` sends it."""

    url: str
    def __init__(
        self,
        input: str | Request,
        *,
        method: str | None = None,
        headers: dict[str, str] | list[tuple[str, str]] | None = None,
        body: str | bytes | None = None,
    ) -> None: ...
    @property
    def method(self) -> HTTPMethod:
        """The method; one that is not standard raises KeyError."""

    @property
    def headers(self) -> Headers:
        """The headers."""
