"""``Request`` of the SDK.

Source: workers-runtime-sdk workers/request.py; spec python-workers 5.2.
"""

import builtins
import json
from http import HTTPMethod
from typing import Any

from pytest_durable._core import messages
from pytest_durable._surfaces.wrapped.exceptions import JsException
from pytest_durable._surfaces.wrapped.http.blobs import Blob, blob_from_platform
from pytest_durable._surfaces.wrapped.http.errors import pythonic
from pytest_durable._surfaces.wrapped.http.forms import FormData
from pytest_durable._surfaces.wrapped.http.headers import HeadersMessage, to_message, to_platform
from pytest_durable._surfaces.wrapped.proxies import jsnull
from pytest_durable._surfaces.wrapped.references import Sendable
from pytest_durable._surfaces.wrapped.web.interfaces import thrown
from pytest_durable._surfaces.wrapped.web.requests import REQUEST, JsRequest, received_request
from pytest_durable._surfaces.wrapped.web.streams import Explain


class Request(Sendable):
    """A request, as a handler receives it or as ``fetch`` sends it.

    Args:
        input: An absolute URL, a request to copy, or the platform's own request (then without options).
        other_options: ``method``, ``headers``, ``body``, ``redirect``, ``cf``, ``signal`` …

    Raises:
        ValueError: Options with a request of the platform.
        JsException: The platform refuses it.
    """

    def __init__(self, input: Any, **other_options: Any) -> None:
        if isinstance(input, JsRequest):
            if other_options:
                raise ValueError("Expected no options when constructing Request from a js.Request")
            self._object = input
            return
        if isinstance(method := other_options.get("method"), HTTPMethod):
            other_options["method"] = method.value
        if "headers" in other_options:
            other_options["headers"] = to_platform(other_options["headers"])
        if isinstance(body := other_options.get("body"), FormData | Blob):
            other_options["body"] = body.js_object
        self._object = REQUEST.new(input._object if isinstance(input, Request) else input, **other_options)

    def __repr__(self) -> str:
        return f"Request(method={self._object.method!r}, url={self._object.url!r})"

    @property
    def js_object(self) -> JsRequest:
        """The platform's own."""
        return self._object

    @property
    def method(self) -> HTTPMethod:
        """The method; one that is not standard raises KeyError, as in production."""
        return HTTPMethod[self._object.method]

    @property
    def url(self) -> str:
        """The address in its normal form."""
        return self._object.url

    @property
    def headers(self) -> HeadersMessage:
        """A copy of the headers."""
        return to_message(self._object._target.headers)

    @property
    def body(self) -> Any:
        """The body as a stream of the platform; null if there is none."""
        return self._object.body

    @property
    def body_used(self) -> bool:
        """Whether somebody has begun to read it."""
        return self._object.bodyUsed

    @property
    def cf(self) -> Any:
        """What the platform tells about the client; None if nothing."""
        cf = self._object.cf
        return None if cf is jsnull else cf

    @property
    def redirect(self) -> str:
        """Whether an answer that leads on is followed."""
        return self._object.redirect

    @property
    def cache(self) -> Any:
        """How caches are asked."""
        return self._object.cache

    @property
    def integrity(self) -> str:
        """Empty."""
        return self._object.integrity

    @property
    def keepalive(self) -> bool:
        """False."""
        return self._object.keepalive

    def clone(self) -> "Request":
        """Another one of the same; both bodies can be read.

        Raises:
            OSError: Somebody has begun to read the body.
        """
        self._require_unused()
        return Request(thrown(self._object.clone))

    async def text(self) -> str:
        """The whole body as text."""
        self._require_unused()
        return str(await self._object.text())

    async def json(self, **options: Any) -> Any:
        """The body parsed as JSON, by Python."""
        return json.loads(await self.text(), **options)

    async def buffer(self) -> Any:
        """The whole body as an ArrayBuffer of the platform."""
        self._require_unused()
        return await self._object.arrayBuffer()

    async def bytes(self) -> builtins.bytes:
        """The whole body."""
        buffer = await self.buffer()
        return bytes(buffer.to_bytes())

    async def blob(self) -> Blob:
        """The whole body with its type."""
        self._require_unused()
        return blob_from_platform(await self._object.blob())

    async def form_data(self) -> FormData:
        """The fields of the form that the body holds.

        Raises:
            TypeError: It holds none.
        """
        self._require_unused()
        try:
            return FormData(await self._object.formData())
        except JsException as failure:
            raise pythonic(failure) from failure

    def _require_unused(self) -> None:
        if self.body_used:
            raise OSError("Body already used")

    def __to_wire__(self) -> messages.Request:
        return self._object.to_message()


def request_from_wire(message: messages.Request, explain: Explain) -> Request:
    """The request a handler receives."""
    return Request(received_request(message, explain))
