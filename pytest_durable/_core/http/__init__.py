"""What the web platform says about addresses, methods, headers, forms and bodies. Pure: no objects, no loop."""

from pytest_durable._core.http.bodies import Body, BodyStream
from pytest_durable._core.http.forms import FileContent, FormEntry, decode_multipart, encode_multipart
from pytest_durable._core.http.headers import COOKIE, Headers, HeadersInit, checked_name
from pytest_durable._core.http.methods import normal_method
from pytest_durable._core.http.queries import decode_query, encode_query
from pytest_durable._core.http.redirects import REDIRECT_STATUSES, REDIRECTS_MAX, Redirect, redirected
from pytest_durable._core.http.urls import normal_url, parsed_url, sent_url

__all__ = [
    "COOKIE",
    "REDIRECTS_MAX",
    "REDIRECT_STATUSES",
    "Body",
    "BodyStream",
    "FileContent",
    "FormEntry",
    "Headers",
    "HeadersInit",
    "Redirect",
    "checked_name",
    "decode_multipart",
    "decode_query",
    "encode_multipart",
    "encode_query",
    "normal_method",
    "normal_url",
    "parsed_url",
    "redirected",
    "sent_url",
]
