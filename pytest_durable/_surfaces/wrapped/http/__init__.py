"""Requests, responses, forms and files as the SDK shows them: a skin over the classes of the platform.

Source: workers-runtime-sdk workers/; spec python-workers 5.
"""

from pytest_durable._surfaces.wrapped.http.blobs import Blob, BlobEnding, File, blob_from_wire
from pytest_durable._surfaces.wrapped.http.errors import AbortError, BodyUsedError, HttpStatusError
from pytest_durable._surfaces.wrapped.http.fetching import fetch, fetch_through, pyfetch
from pytest_durable._surfaces.wrapped.http.forms import FormData, form_from_wire
from pytest_durable._surfaces.wrapped.http.request import Request, request_from_wire
from pytest_durable._surfaces.wrapped.http.response import FetchResponse, PyFetchResponse, Response, response_from_wire

__all__ = [
    "AbortError",
    "Blob",
    "BlobEnding",
    "BodyUsedError",
    "FetchResponse",
    "File",
    "FormData",
    "HttpStatusError",
    "PyFetchResponse",
    "Request",
    "Response",
    "blob_from_wire",
    "fetch",
    "fetch_through",
    "form_from_wire",
    "pyfetch",
    "request_from_wire",
    "response_from_wire",
]
