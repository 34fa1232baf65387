"""Classes of the web platform as the ``js`` module has them."""

from types import MappingProxyType
from typing import Final

from pytest_durable._surfaces.wrapped.web.aborting import ABORT_CONTROLLER, ABORT_SIGNAL
from pytest_durable._surfaces.wrapped.web.blobs import BLOB, FILE
from pytest_durable._surfaces.wrapped.web.encoding import TEXT_DECODER, TEXT_ENCODER
from pytest_durable._surfaces.wrapped.web.fetching import fetch
from pytest_durable._surfaces.wrapped.web.forms import FORM_DATA
from pytest_durable._surfaces.wrapped.web.headers import HEADERS
from pytest_durable._surfaces.wrapped.web.queries import URL, URL_SEARCH_PARAMS
from pytest_durable._surfaces.wrapped.web.requests import REQUEST
from pytest_durable._surfaces.wrapped.web.responses import RESPONSE
from pytest_durable._surfaces.wrapped.web.streams import READABLE_STREAM
from pytest_durable._surfaces.wrapped.web.writable import (
    IDENTITY_TRANSFORM_STREAM,
    TRANSFORM_STREAM,
    WRITABLE_STREAM,
)

#: What this package adds to ``js``, by name.
WEB: Final = MappingProxyType(
    {
        "AbortController": ABORT_CONTROLLER,
        "AbortSignal": ABORT_SIGNAL,
        "Blob": BLOB,
        "File": FILE,
        "FormData": FORM_DATA,
        "Headers": HEADERS,
        "IdentityTransformStream": IDENTITY_TRANSFORM_STREAM,
        "ReadableStream": READABLE_STREAM,
        "Request": REQUEST,
        "Response": RESPONSE,
        "TextDecoder": TEXT_DECODER,
        "TextEncoder": TEXT_ENCODER,
        "TransformStream": TRANSFORM_STREAM,
        "URL": URL,
        "URLSearchParams": URL_SEARCH_PARAMS,
        "WritableStream": WRITABLE_STREAM,
        "fetch": fetch,
    }
)
