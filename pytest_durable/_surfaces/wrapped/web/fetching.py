"""``fetch``: sending a request to another object or to the outside, and following where its answers lead.

Source: the WHATWG's Fetch standard; workerd api/http.c++ (fetchImpl), asked of the binary.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pytest_durable._core import messages
from pytest_durable._core.actor import ABSENT, current_scope, fetch_outside
from pytest_durable._core.http import REDIRECTS_MAX, BodyStream, redirected
from pytest_durable._core.isolate import require_event
from pytest_durable._core.platform_errors import PlatformError, RemoteFailure
from pytest_durable._core.platform_errors import type_error as platform_type_error
from pytest_durable._surfaces.awaitables import Settled
from pytest_durable._surfaces.wrapped.exceptions import JsException, shown, shown_failure
from pytest_durable._surfaces.wrapped.web.interfaces import Members
from pytest_durable._surfaces.wrapped.web.requests import JsRequest, make_request
from pytest_durable._surfaces.wrapped.web.responses import JsResponse, received_response
from pytest_durable._surfaces.wrapped.web.streams import Explain, started

#: Sends a request; the future is of a response, and may fail with ``RemoteFailure`` or ``PlatformError``.
Send = Callable[[messages.Request], "asyncio.Future[Any]"]


def fetch_with(send: Send, explain: Explain, given: Any, told: Members) -> Any:
    """Promise of a response; the request is made now.

    Args:
        send: The way.
        explain: What user code catches of a failure on it.
        given: An address, or a request.
        told: The options.
    """
    try:
        request = make_request(given, told)
    except PlatformError as refusal:
        return Settled(failure=shown(refusal))
    except JsException as refusal:
        return Settled(failure=refusal)
    return started(perform(send, explain, request))


async def perform(send: Send, explain: Explain, request: JsRequest) -> JsResponse:
    """Send a request and follow where its answers lead, until its signal stops it.

    Raises:
        JsException: It cannot be sent, or failed.
    """
    signal = request._target.signal
    try:
        message = request.to_message()
        if not signal.can_abort:
            return await _follow(send, explain, message)
        if signal.is_aborted:
            raise signal.failure()
        response: JsResponse = await signal.stop(asyncio.ensure_future(_follow(send, explain, message)))
    except PlatformError as refusal:
        raise shown(refusal) from None
    return response


async def _follow(send: Send, explain: Explain, request: messages.Request) -> JsResponse:
    asked = [request.url]
    while True:
        answer = await _answer(send, explain, request)
        following = None if request.redirect == "manual" else _following(request, answer)
        if following is None:
            return received_response(answer, explain, url=request.url, is_redirected=len(asked) > 1)
        if isinstance(answer.body, BodyStream):
            answer.body.cancel()
        if len(asked) > REDIRECTS_MAX:
            raise platform_type_error(f"Too many redirects.{', '.join(asked)}")
        request = following
        asked.append(request.url)


async def _answer(send: Send, explain: Explain, request: messages.Request) -> messages.Response:
    try:
        answer = await send(request)
    except (RemoteFailure, PlatformError) as failure:
        seen = explain(failure)
    else:
        assert isinstance(answer, messages.Response), answer
        return answer
    # Outside of the handler: how the failure got here is none of its causes.
    raise seen


def _following(request: messages.Request, answer: messages.Response) -> messages.Request | None:
    found = redirected(
        request.url,
        request.method,
        request.headers,
        request.body,
        status=answer.status,
        location=answer.headers.get("location"),
    )
    if found is None:
        return None
    return replace(request, url=found.url, method=found.method, headers=found.headers, body=found.body)


def send_outside(request: messages.Request) -> "asyncio.Future[Any]":
    """Send a request to the outside, on behalf of the running code.

    Raises:
        RuntimeError: No object runs.
        JsException: The code runs at the top level of a module.
    """
    try:
        require_event()
    except PlatformError as failure:
        raise shown(failure) from None
    scope = current_scope()
    if scope is None:
        raise RuntimeError(
            "`fetch()` belongs to a running object or Worker, and none runs here. "
            "In a test, use the stub of an object: `await stub.fetch(url)`."
        )
    return fetch_outside(scope.incarnation, request)


def fetch(given: Any = ABSENT, init: Any = None, **members: Any) -> Any:
    """``js.fetch``: promise of the response that the outside gives."""
    given = None if given is ABSENT else given
    return fetch_with(send_outside, shown_failure, given, Members(init, members))
