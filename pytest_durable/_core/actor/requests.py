"""What holds for every request on its way to an object, whatever surface the object's code runs on.

Source: spec durable-objects 10.5.
"""

from dataclasses import replace

from pytest_durable._core.messages import Delivery, Request, Response
from pytest_durable._core.platform_errors import PlatformError, type_error


def refusal_of_body(request: Delivery) -> PlatformError | None:
    """Why the request cannot even be made, if it cannot; an empty body is one too."""
    if isinstance(request, Request) and request.body is not None and request.method in ("GET", "HEAD"):
        return type_error("Request with a GET or HEAD method cannot have a body.")
    return None


def answer_to(request: Delivery, response: object) -> object:
    """The response as it arrives: the answer to a HEAD has no body."""
    if isinstance(request, Request) and request.method == "HEAD" and isinstance(response, Response):
        return replace(response, body=None)
    return response
