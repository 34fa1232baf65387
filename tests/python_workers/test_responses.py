"""Responses as user code makes them: spec python-workers 5.1."""

from collections.abc import Mapping
from http import HTTPStatus
from http.client import HTTPMessage
from typing import Any

import js
import pytest
from js import Object
from pyodide.ffi import JsException, to_js
from pyodide.http import BodyUsedError, HttpStatusError
from workers import Blob, DurableObject, FetchResponse, File, FormData, Response

pytestmark = [pytest.mark.durable(storage="memory"), pytest.mark.usefixtures("durable")]


def as_object(**members: Any) -> Any:
    return to_js(members, dict_converter=Object.fromEntries)


BODIES = [
    (None, b""),
    ("text", b"text"),
    (b"bytes", b"bytes"),
    (to_js(b"buffer"), b"buffer"),
    (js.Blob.new(to_js(["bl", "ob"])), b"blob"),
    (js.URLSearchParams.new(as_object(a="1 2")), b"a=1+2"),
]


@pytest.mark.parametrize(("body", "content"), BODIES)
async def test_bodies_that_a_response_takes(body: Any, content: bytes) -> None:
    # PW-5.1
    assert await Response(body).bytes() == content


async def test_a_form_is_a_body_with_a_boundary() -> None:
    # PW-5.1
    response = Response(FormData({"a": "b"}))
    kind = response.headers["content-type"]
    assert kind.startswith("multipart/form-data; boundary=")
    text = await response.text()
    boundary = kind.partition("=")[2]
    assert text == f'--{boundary}\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n--{boundary}--'


async def test_the_body_of_a_response_is_a_body_of_another() -> None:
    # PW-5.1
    assert await Response(Response("text").body, 201).text() == "text"


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({"a": 1}, "dict"),
        ([1], "list"),
        (5, "int"),
        (memoryview(b"x"), "memoryview"),
        (bytearray(b"x"), "bytearray"),
        (Blob("x"), "Blob"),
        (to_js([1]), "Array"),
    ],
)
def test_other_bodies_are_refused_by_their_type(body: Any, name: str) -> None:
    # PW-5.1
    with pytest.raises(TypeError) as caught:
        Response(body)
    assert str(caught.value) == f"Unsupported type in Response: {name}"


@pytest.mark.parametrize("options", [{"status": 200}, {"status_text": "x"}, {"headers": {}}])
def test_a_response_of_the_platform_is_wrapped_without_options(options: dict[str, Any]) -> None:
    # PW-5.2
    own = js.Response.new("x", status=201)
    assert Response(own).status == 201
    with pytest.raises(ValueError) as caught:
        Response(own, **options)
    assert str(caught.value) == "Expected no options when constructing Response from a js.Response"


@pytest.mark.parametrize("headers", [{"X-A": "1"}, [("X-A", "1")], js.Headers.new(as_object(a="1", **{"x-a": "1"}))])
def test_headers_are_a_dict_or_pairs_or_those_of_the_platform(headers: Any) -> None:
    # PW-5.3
    assert Response("x", headers=headers).headers["x-a"] == "1"


@pytest.mark.parametrize("headers", [Response("x", headers={"a": "1"}).headers, "a: 1", 5, (("a", "1"),)])
def test_other_headers_are_refused_those_of_a_request_too(headers: Any) -> None:
    # PW-5.3
    with pytest.raises(TypeError) as caught:
        Response("x", headers=headers)
    assert str(caught.value) == "Received unexpected type for headers argument"


@pytest.mark.parametrize("headers", [None, {}, [], "", 0])
def test_headers_that_are_false_are_none(headers: Any) -> None:
    # PW-5.3
    assert list(Response(b"x", headers=headers).headers) == []


@pytest.mark.parametrize(("status", "seen"), [(None, 200), (0, 200), (404, 404), (HTTPStatus.CREATED, 201)])
def test_the_status_is_200_unless_told(status: Any, seen: int) -> None:
    # PW-5.4
    assert Response("x", status).status == seen


def test_a_text_has_a_type_and_bytes_have_none() -> None:
    # PW-5.4
    assert Response("x").headers["Content-Type"] == "text/plain;charset=UTF-8"
    assert Response("x", headers={"content-type": "a/b"}).headers["Content-Type"] == "a/b"
    assert Response(b"x").headers["Content-Type"] is None


@pytest.mark.parametrize("status", [99, 101, 199, 600])
def test_a_status_outside_of_the_range_is_an_error_of_the_platform(status: int) -> None:
    # PW-5.5
    with pytest.raises(JsException) as caught:
        Response(None, status)
    assert str(caught.value) == (
        "RangeError: Responses may only be constructed with status codes in the range 200 to 599, inclusive."
    )


@pytest.mark.parametrize("status", [204, 205, 304])
def test_some_statuses_have_no_body(status: int) -> None:
    # PW-5.5; no bytes are no body there
    with pytest.raises(JsException) as caught:
        Response("x", status)
    assert str(caught.value) == (
        "TypeError: Response with null body status (101, 204, 205, or 304) cannot have a body."
    )
    assert Response("", status).status == status


async def test_json_is_pythons_with_its_spaces() -> None:
    # PW-5.6
    response = Response.from_json({"a": [1, 2]}, 404, "Gone", {"X-A": "1"})
    assert (response.status, response.status_text, response.headers["x-a"]) == (404, "Gone", "1")
    assert response.headers["content-type"] == "application/json"
    assert await response.text() == '{"a": [1, 2]}'
    assert Response.json("x", headers={"Content-Type": "42"}).headers["content-type"] == "42"
    assert await Response.json([1, 2], status=HTTPStatus.NOT_FOUND).json() == [1, 2]


async def test_json_of_a_proxy_is_the_platforms() -> None:
    # PW-5.6
    response = Response.from_json(as_object(a=to_js([1, 2])))
    assert (await response.text(), response.headers["content-type"]) == ('{"a":[1,2]}', "application/json")


def test_errors_of_json_are_pythons() -> None:
    # PW-5.6, PW-1.60
    with pytest.raises(ValueError, match="in the range 200 to 599"):
        Response.from_json({}, status=99)
    with pytest.raises(TypeError, match="cannot have a body"):
        Response.from_json({}, status=204)
    with pytest.raises(TypeError, match="Object of type set is not JSON serializable"):
        Response.json({1, 2})


def test_a_redirect_is_a_response_of_the_platform() -> None:
    # PW-5.7
    response = Response.redirect("https://X.com:443/a b", 301)
    assert response.constructor.name == "Response"
    assert (response.status, response.headers.get("location")) == (301, "https://x.com/a%20b")
    with pytest.raises(ValueError, match=r"200 is not a redirect status code\. It must be one of: 301, 302"):
        Response.redirect("https://x.com", 200)
    with pytest.raises(TypeError, match="Unable to parse URL: rel"):
        Response.redirect("rel")


async def test_what_a_response_shows() -> None:
    # PW-5.8
    response = Response("text", 201, "Made", {"a": "b"})
    seen = (response.status, response.status_text, response.ok, response.url, response.type, response.redirected)
    assert seen == (201, "Made", True, "", "default", False)
    assert response.body.constructor.name == "ReadableStream"
    assert Response(None).body is None
    assert response.js_object is response.js_response
    assert isinstance(response, FetchResponse)
    assert not response.body_used
    assert await response.text() == "text"
    assert response.body_used


READS = [
    ("text", "é"),
    ("string", "é"),
    ("bytes", "é".encode()),
    ("memoryview", memoryview("é".encode())),
]


@pytest.mark.parametrize(("method", "seen"), READS)
async def test_ways_to_read_a_body(method: str, seen: object) -> None:
    # PW-5.8
    assert await getattr(Response("é"), method)() == seen


async def test_a_body_is_read_as_a_buffer_a_blob_and_a_form() -> None:
    # PW-5.8
    assert (await Response("é").buffer()).to_bytes() == "é".encode()
    blob = await Response("x", headers={"content-type": "a/b"}).blob()
    assert (blob.content_type, blob.size, await blob.text()) == ("a/b", 1, "x")
    form = FormData({"a": "1", "f": File(["hi"], "n.txt", "text/x")})
    read = await Response(form).form_data()
    assert (read["a"], read["f"].name, read["f"].content_type, await read["f"].text()) == ("1", "n.txt", "text/x", "hi")
    assert (await Response(form).formData())["a"] == "1"


async def test_what_is_no_form_is_a_type_error() -> None:
    # PW-1.60, PW-5.8
    with pytest.raises(TypeError, match="Unrecognized Content-Type header value"):
        await Response("x").form_data()
    with pytest.raises(TypeError, match="requires a Content-Type header"):
        await Response(b"x").form_data()
    with pytest.raises(TypeError, match="No initial boundary string"):
        await Response("x", headers={"content-type": "multipart/form-data; boundary=b"}).form_data()


async def test_a_clone_has_a_body_of_its_own() -> None:
    # PW-5.8
    response = Response("x", 201)
    clone = response.clone()
    assert (await response.text(), await clone.text(), clone.status) == ("x", "x", 201)
    with pytest.raises(BodyUsedError):
        response.clone()


async def test_a_replaced_body_keeps_status_and_headers() -> None:
    # PW-5.8
    response = Response("a", 201, "Made", {"x": "y"}).replace_body("other")
    assert (response.status, response.status_text, response.headers["x"]) == (201, "Made", "y")
    assert await response.text() == "other"


def test_a_status_of_an_error_can_be_raised() -> None:
    # PW-5.8, PW-3.11
    Response("x", 399).raise_for_status()
    with pytest.raises(HttpStatusError) as caught:
        Response("x", 404, "Gone").raise_for_status()
    assert (caught.value.status, str(caught.value)) == (404, "404 Client Error: Gone for url: ")
    assert isinstance(caught.value, OSError)


def test_headers_are_a_message_and_a_mapping() -> None:
    # PW-5.9
    headers = Response("x", headers=[("X-A", " 1 "), ("x-a", "2"), ("Set-Cookie", "a"), ("set-cookie", "b")]).headers
    assert isinstance(headers, HTTPMessage)
    assert isinstance(headers, Mapping)
    assert (headers["X-A"], headers["x-a"], headers.get("X-B"), headers["X-B"]) == ("1, 2", "1, 2", None, None)
    assert headers.get_all("set-cookie") == ["a", "b"]
    assert "x-a" in headers


async def test_a_body_is_read_once() -> None:
    # PW-5.10
    response = Response("x")
    await response.text()
    with pytest.raises(BodyUsedError) as caught:
        await response.json()
    assert str(caught.value) == "Response body is already used"
    assert isinstance(caught.value, OSError)


def test_a_response_names_itself() -> None:
    # PW-5.11
    assert repr(Response("x")) == "Response(status=200, content_type='text/plain;charset=UTF-8')"
    assert repr(Response(b"x", 201, "Made")) == "Response(status=201, status_text='Made')"


class Answers(DurableObject):
    async def fetch(self, request: Any) -> Any:
        if request.url.endswith("/raw"):
            return js.Response.new("raw", status=201)
        if request.url.endswith("/redirect"):
            return Response.redirect("https://x.com/raw")
        if request.url.endswith("/fetched"):
            own = self.env.ANSWERS.get(self.ctx.id)
            return FetchResponse("", (await own.fetch("https://x.com/raw")).js_response)
        return {"status": 200}


async def test_a_handler_may_return_a_response_of_the_platform(durable: Any) -> None:
    # PW-5.12
    stub = durable.namespace(Answers).get_by_name("a")
    raw = await stub.fetch("https://x.com/raw")
    assert (raw.status, await raw.text()) == (201, "raw")
    assert await (await stub.fetch("https://x.com/fetched")).text() == "raw"
    led = await stub.fetch("https://x.com/redirect")
    assert (led.status, led.headers["Location"]) == (302, "https://x.com/raw")
