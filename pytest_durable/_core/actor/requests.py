"""What holds for every request on its way to an object, whatever surface the object's code runs on.

Source: spec durable-objects 10.5.
"""

from dataclasses import replace

from pytest_durable._core.http import BodyStream
from pytest_durable._core.messages import Delivery, Request, Response


def answer_to(request: Delivery, response: object) -> object:
    """The response as it arrives: the answer to a HEAD has no body."""
    if isinstance(request, Request) and request.method == "HEAD" and isinstance(response, Response):
        if isinstance(response.body, BodyStream):
            response.body.cancel()
        return replace(response, body=None)
    return response
