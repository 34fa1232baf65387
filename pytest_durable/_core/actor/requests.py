"""What holds for every request on its way to an object, whatever surface the object's code runs on.

Source: spec durable-objects 10.5, python-workers 5.4; workerd api/http.c++ (Response::send).
"""

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from pytest_durable._core.http import BodyStream
from pytest_durable._core.messages import Delivery, Request, Response
from pytest_durable._core.platform_errors import PlatformError, type_error
from pytest_durable._core.sockets import End, Upgrade, make_line

if TYPE_CHECKING:
    from pytest_durable._core.actor.services import Services
    from pytest_durable._core.messages import EntrypointKey, ObjectKey


class Answering(Protocol):
    """Who answers: an object, or an event of a Worker."""

    @property
    def key(self) -> "ObjectKey | EntrypointKey":
        """Its name in records."""
        ...

    @property
    def services(self) -> "Services":
        """What the runtime offers it."""
        ...

    def handed_out(self, end: End) -> None:
        """Its answer gives ``end`` away."""
        ...


def answer_to(request: Delivery, response: object, side: Answering) -> object:
    """The response as it arrives: the answer to a HEAD has no body, the answer to an upgrade has an end of a line.

    Raises:
        PlatformError: It hands over a WebSocket, and nobody asked for one.
    """
    if not (isinstance(request, Request) and isinstance(response, Response)):
        return response
    if response.web_socket is not None:
        if request.headers.get("upgrade", "").lower() != "websocket":
            raise type_error(
                "Worker tried to return a WebSocket in a response to a request which did not contain the header "
                '"Upgrade: websocket".'
            )
        end = _coupled(response.web_socket, side)
        side.handed_out(end)
        return replace(response, web_socket=end)
    if request.method != "HEAD":
        return response
    if isinstance(response.body, BodyStream):
        response.body.cancel()
    return replace(response, body=None)


def _coupled(upgrade: Upgrade, side: Answering) -> End:
    """The end that is handed over. What cannot be is noticed when the upgrade is granted already, and ends at once."""
    try:
        return upgrade.couple()
    except PlatformError as failure:
        side.services.background_failed("response to an upgrade", side.key, failure)
        ours, theirs = make_line()
        ours.lose()
        return theirs
