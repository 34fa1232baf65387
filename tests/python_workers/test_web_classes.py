"""Classes of the web platform in `js`: spec python-workers 4. The texts were asked of the real binary."""

import asyncio
from collections.abc import Callable
from typing import Any

import js
import pytest
from js import Object
from pyodide.ffi import JsException, create_proxy, jsnull, to_js
from workers import Blob, BlobEnding, File, FormData

pytestmark = [pytest.mark.durable(storage="memory"), pytest.mark.usefixtures("durable")]


def as_object(**members: Any) -> Any:
    return to_js(members, dict_converter=Object.fromEntries)


def bytes_of(text: str) -> Any:
    return to_js(text.encode())


def stream_of(*pieces: Any) -> Any:
    return js.ReadableStream.from_(pieces)


NAMES = [
    *("AbortController", "Blob", "FormData", "Headers", "ReadableStream", "Response", "TextDecoder", "TextEncoder"),
    *("TransformStream", "WritableStream"),
]


@pytest.mark.parametrize("name", NAMES)
def test_a_class_is_made_by_new_and_never_called(name: str) -> None:
    # PW-4.1
    interface = getattr(js, name)
    made = interface.new()
    assert (made.constructor.name, str(made)) == (name, f"[object {name}]")
    with pytest.raises(JsException, match="Please use the 'new' operator"):
        interface()


REFUSED: list[tuple[Callable[[], Any], str]] = [
    (lambda: js.Headers.new(as_object(**{"a b": "1"})), "TypeError: Invalid header name."),
    (lambda: js.Headers.new({"a": "1\n2"}), "TypeError: Invalid header value."),
    (lambda: js.Headers.new({"a": "a\0b"}), "TypeError: Invalid header value."),
    (lambda: js.Headers.new().get("a b"), "TypeError: Invalid header name."),
    (
        lambda: js.Headers.new(to_js([["a"]])),
        "TypeError: To initialize a Headers object from a sequence, each inner sequence must have exactly two "
        "elements.",
    ),
    (
        lambda: js.Headers.new("abc"),
        "TypeError: Failed to construct 'Headers': constructor parameter 1 is not of type 'Headers or Sequence or "
        "object'.",
    ),
    (
        lambda: js.Headers.new().append("a"),
        "TypeError: Failed to execute 'append' on 'Headers': parameter 2 is not of type 'string'.",
    ),
    (
        lambda: js.Headers.new().getAll("a"),
        'TypeError: getAll() can only be used with the header name "Set-Cookie".',
    ),
    (lambda: js.URL.new("rel"), "TypeError: Invalid URL string."),
    (lambda: js.URL.new("rel", "zzz"), "TypeError: Invalid URL string."),
    (
        lambda: js.URL.new(),
        "TypeError: Failed to construct 'URL': constructor parameter 1 is not of type 'USVString'.",
    ),
    (lambda: js.URLSearchParams.new(to_js([["a"]])), "TypeError: Invalid URL search params sequence."),
    (
        lambda: js.Blob.new("abc"),
        "TypeError: Failed to construct 'Blob': constructor parameter 1 is not of type 'Array'.",
    ),
    (
        lambda: js.File.new(),
        "TypeError: Failed to construct 'File': constructor parameter 2 is not of type 'string'.",
    ),
    (
        lambda: js.Request.new(),
        "TypeError: Failed to construct 'Request': constructor parameter 1 is not of type 'Request or string'.",
    ),
    (lambda: js.Request.new("https://x", cache="zzz"), "TypeError: Unsupported cache mode: zzz"),
    (lambda: js.Response.new("x", statusText="a\nb"), "TypeError: Invalid statusText"),
    (lambda: js.TextDecoder.new("zzz"), 'RangeError: "zzz" is not a valid encoding.'),
    (
        lambda: js.TextDecoder.new("utf-8", fatal=True).decode(to_js(b"\xff")),
        "TypeError: Failed to decode input.",
    ),
    (lambda: js.AbortSignal.new(), "TypeError: Illegal constructor"),
]


@pytest.mark.parametrize(("use", "text"), REFUSED, ids=lambda each: each if isinstance(each, str) else "")
def test_what_is_refused(use: Callable[[], Any], text: str) -> None:
    # PW-4.T1.7
    with pytest.raises(JsException) as caught:
        use()
    assert str(caught.value) == text


def test_headers_are_sorted_joined_and_trimmed() -> None:
    # PW-4.T1.7
    headers = js.Headers.new(to_js([["b", "1"], ["A", " 2\n"], ["Set-Cookie", "x"], ["a", "3"], ["set-cookie", "y"]]))
    pairs = [["a", "2, 3"], ["b", "1"], ["set-cookie", "x"], ["set-cookie", "y"]]
    assert [list(pair) for pair in headers] == [list(pair) for pair in headers.entries()] == pairs
    assert (headers.get("set-cookie"), list(headers.getSetCookie())) == ("x, y", ["x", "y"])
    assert (headers.get("missing") is jsnull, headers.has("B"), "b" in headers, headers["B"]) == (True, True, True, "1")
    headers.set("n", 5)
    headers.delete("a")
    assert (list(headers.keys()), headers.get("n")) == (["b", "n", "set-cookie", "set-cookie"], "5")
    seen: list[Any] = []
    headers.forEach(lambda value, name, _headers: seen.append((name, value)))
    assert seen[0] == ("b", "1")


def test_headers_of_two_proxies_are_the_same() -> None:
    # PW-3.2
    response = js.Response.new("x")
    first, second = response.headers, response.headers
    first.set("a", "b")
    assert first == second
    assert first is not second
    assert second.get("a") == "b"


def test_an_address_has_parts_that_follow_each_other() -> None:
    # PW-4.T1.7
    url = js.URL.new("../c?q=1&q=2#h", "https://u:p@X.com:8080/a/b")
    assert str(url) == url.href == url.toJSON() == "https://u:p@x.com:8080/c?q=1&q=2#h"
    parts = (url.protocol, url.host, url.hostname, url.port, url.pathname, url.search, url.hash)
    assert parts == ("https:", "x.com:8080", "x.com", "8080", "/c", "?q=1&q=2", "#h")
    assert (url.username, url.password, url.origin) == ("u", "p", "https://x.com:8080")
    assert list(url.searchParams.getAll("q")) == ["1", "2"]
    url.searchParams.append("a b", "ü&")
    url.hash = "z"
    url.pathname = "/p q"
    url.port = "99"
    url.host = "y.org"
    assert url.href == "https://u:p@y.org:99/p%20q?q=1&q=2&a+b=%C3%BC%26#z"
    params = url.searchParams
    url.search = "?n=1"
    assert (params.get("n"), params.has("q")) == ("1", False)
    with pytest.raises(JsException, match="Failed to set the 'href' property on 'URL'"):
        url.href = "rel"
    assert (js.URL.canParse("rel"), js.URL.canParse("rel", "https://x"), js.URL.parse("rel")) == (False, True, jsnull)


def test_a_query_is_pairs_in_order() -> None:
    # PW-4.T1.7
    params = js.URLSearchParams.new(to_js([["b", "1"], ["a", "2"], ["b", "3"]]))
    params.sort()
    params.delete("b", "1")
    params.set("c", "x y")
    assert (str(params), params.size, params.get("zz"), params.has("b", "3")) == ("a=2&b=3&c=x+y", 3, jsnull, True)
    assert [str(js.URLSearchParams.new(given)) for given in (as_object(a=1), "?a=1&b", "a=%20x+y")] == [
        "a=1",
        "a=1&b=",
        "a=+x+y",
    ]
    assert str(js.URLSearchParams.new({"a": "~*-._ é'()"})) == "a=%7E*-._+%C3%A9%27%28%29"
    assert [list(params.keys()), list(params.values()), [list(pair) for pair in params]] == [
        ["a", "b", "c"],
        ["2", "3", "x y"],
        [["a", "2"], ["b", "3"], ["c", "x y"]],
    ]


async def test_a_blob_is_made_of_parts() -> None:
    # PW-4.T1.7
    parts = to_js(["ab", b"cd", js.Blob.new(to_js(["ef"])), 5])
    blob = js.Blob.new(parts, type="Text/Plain; X=Y")
    assert (blob.size, blob.type, await blob.text()) == (7, "text/plain; x=y", "abcdef5")
    assert await blob.slice(1, -1).text() == "bcdef"
    assert (blob.slice(1, 3, "x/y").type, await blob.slice(-2).text()) == ("x/y", "f5")
    assert (await blob.arrayBuffer()).byteLength == 7
    assert [piece.to_bytes() async for piece in blob.stream()] == [b"abcdef5"]
    file = js.File.new(to_js(["x"]), "n.txt", lastModified=5, type="a/b")
    assert (file.name, file.lastModified, file.type, file.size) == ("n.txt", 5, "a/b", 1)
    assert js.File.new(to_js([]), "n").lastModified == 1893456000000


async def test_blobs_of_the_sdk() -> None:
    # PW-1.4, PW-5.15
    assert [BlobEnding.TRANSPARENT, BlobEnding.NATIVE] == ["transparent", "native"]
    blob = Blob(["te", b"st", memoryview(b"!")], content_type="application/json")
    assert (blob.size, blob.content_type, await blob.bytes()) == (5, "application/json", b"test!")
    assert await blob.slice(1, 3).text() == "es"
    assert (Blob(blob).content_type, Blob([blob]).content_type) == ("application/json", "")
    assert Blob(blob, content_type="other/type").content_type == "other/type"
    file = File("my file", filename="test.txt", content_type="text/plain", last_modified=5)
    assert (file.name, file.content_type, file.last_modified) == ("test.txt", "text/plain", 5)
    assert await file.text() == "my file"
    with pytest.raises(TypeError, match="Don't know how to handle"):
        Blob([5])


def test_names_for_annotations_are_there() -> None:
    # PW-1.4
    import workers

    for name in ("Body", "Headers", "BlobValue", "FormDataValue", "JSBody"):
        assert isinstance(getattr(workers, name), str)
    assert set(workers.FetchKwargs.__annotations__) >= {"headers", "body", "method", "redirect", "cf", "fetcher"}
    assert "cacheTtl" in workers.RequestInitCfProperties.__annotations__
    assert hasattr(workers.Context, "waitUntil")


async def test_forms_hold_texts_and_files() -> None:
    # PW-4.T1.7
    form = js.FormData.new()
    form.append("a", 1)
    form.append("a", js.Blob.new(to_js(["x"])), "n")
    form.set("b", "c")
    form.append("f", js.Blob.new(to_js(["y"]), type="t/y"))
    assert (list(form.keys()), form.get("a"), form.getAll("a")[1].name) == (["a", "a", "b", "f"], "1", "n")
    assert (form.get("f").name, form.get("f").constructor.name, form.get("zz")) == ("f", "File", jsnull)
    form.delete("a")
    form.set("b", "d")
    assert [[name, getattr(value, "type", value)] for name, value in form] == [["b", "d"], ["f", "t/y"]]


async def test_forms_of_the_sdk_are_mappings() -> None:
    # PW-5.15
    form = FormData({"key": "foobar"})
    form.append("key", "another")
    form["test"] = Blob(["some"])
    form["js"] = js.Blob.new(to_js(["other"]))
    assert list(form.keys()) == ["key", "key", "test", "js"]
    assert (len(form), form["key"], form.get_all("key"), "no" in form) == (4, "foobar", ["foobar", "another"], False)
    assert [type(value) for value in form.values()] == [str, str, File, File]
    assert await form["test"].text() == "some"
    assert FormData(form.js_object)["key"] == "foobar"
    del form["key"]
    assert [name for name, _ in form.items()] == ["test", "js"]
    with pytest.raises(TypeError, match="Expected single item"):
        form["a"] = ["b"]
    with pytest.raises(TypeError, match="Expected form_data to be a dict"):
        FormData("a=b")


def test_texts_are_encoded_and_decoded() -> None:
    # PW-4.T1.15
    encoder, decoder = js.TextEncoder.new(), js.TextDecoder.new()
    assert (encoder.encoding, encoder.encode("é☃\ud800").to_bytes()) == ("utf-8", "é☃\ufffd".encode())
    assert (decoder.encoding, decoder.decode(to_js(b"\xef\xbb\xbfa\xff"))) == ("utf-8", "a\ufffd")
    assert js.TextDecoder.new("latin1").encoding == "windows-1252"
    assert decoder.decode(to_js(b"\xe2\x98"), stream=True) + decoder.decode(to_js(b"\x83")) == "☃"


def test_a_controller_tells_its_signal_once() -> None:
    # PW-4.T1.15
    controller = js.AbortController.new()
    told: list[str] = []
    controller.signal.addEventListener("abort", create_proxy(lambda event: told.append(event.type)))
    controller.abort()
    controller.abort("again")
    assert (controller.signal.aborted, controller.signal.reason.name, told) == (True, "AbortError", ["abort"])
    with pytest.raises(JsException, match="AbortError: The operation was aborted"):
        controller.signal.throwIfAborted()
    one, other = js.AbortController.new(), js.AbortController.new()
    joined = js.AbortSignal.any(to_js([one.signal, other.signal]))
    other.abort("why")
    assert (joined.aborted, joined.reason, js.AbortSignal.abort().aborted) == (True, "why", True)


async def test_a_timeout_follows_the_clock(durable: Any) -> None:
    # PW-4.T1.15
    signal = js.AbortSignal.timeout(5000)
    await durable.clock.advance("4s")
    assert not signal.aborted
    await durable.clock.advance("1s")
    assert str(signal.reason) == "TimeoutError: The operation was aborted due to timeout"


# -- streams


async def test_a_stream_is_read_to_its_end() -> None:
    # PW-4.T1.16
    def start(controller: Any) -> None:
        controller.enqueue(1)
        controller.enqueue("two")
        controller.close()

    stream = js.ReadableStream.new(start=create_proxy(start))
    reader = stream.getReader()
    steps = [await reader.read() for _ in range(3)]
    assert [(step.done, step.value) for step in steps] == [(False, 1), (False, "two"), (True, None)]
    assert stream.locked
    await reader.closed


async def test_a_stream_pulls_what_is_asked_for() -> None:
    # PW-4.T1.16
    pulled: list[int] = []

    async def pull(controller: Any) -> None:
        await asyncio.sleep(1)
        pulled.append(len(pulled))
        controller.enqueue(len(pulled))
        if len(pulled) == 3:
            controller.close()

    stream = js.ReadableStream.new(as_object(pull=create_proxy(pull)))
    assert [piece async for piece in stream] == [1, 2, 3]


LOCKED = "This ReadableStream is currently locked to a reader."


async def test_a_stream_has_one_reader_at_a_time() -> None:
    # PW-4.T1.16
    stream = js.ReadableStream.new()
    reader = stream.getReader()
    for use in (stream.getReader, stream.tee):
        with pytest.raises(JsException, match=LOCKED):
            use()
    for use in (stream.cancel, lambda: stream.pipeTo(js.WritableStream.new())):
        with pytest.raises(JsException, match=LOCKED):
            await use()
    pending = reader.read()
    reader.releaseLock()
    for read in (pending, reader.read()):
        with pytest.raises(JsException, match=r"This ReadableStream reader has been released\."):
            await read
    assert stream.getReader() is not None


async def test_a_stream_takes_nothing_behind_its_end() -> None:
    # PW-4.T1.16
    held: list[Any] = []
    js.ReadableStream.new(start=create_proxy(held.append))
    (controller,) = held
    assert controller.desiredSize == 1
    controller.enqueue(1)
    assert controller.desiredSize == 0
    controller.close()
    with pytest.raises(JsException, match="TypeError: Unable to enqueue"):
        controller.enqueue(2)
    with pytest.raises(JsException, match=r"TypeError: This ReadableStream is closed\."):
        controller.close()


async def test_an_error_reaches_the_reader() -> None:
    # PW-4.T1.16
    stream = js.ReadableStream.new(start=create_proxy(lambda controller: controller.error("bad")))
    with pytest.raises(JsException, match="Error: bad"):
        await stream.getReader().read()


async def test_the_source_is_told_that_nobody_wants_the_rest() -> None:
    # PW-4.T1.16
    told: list[Any] = []
    stream = js.ReadableStream.new(cancel=create_proxy(told.append))
    await stream.cancel("why")
    stream = js.ReadableStream.from_(["a", "b"])
    pieces = aiter(stream)
    assert await anext(pieces) == "a"
    await pieces.aclose()
    assert (told, stream.locked) == (["why"], False)


async def test_a_stream_is_split_into_two() -> None:
    # PW-4.T1.16
    stream = js.Response.new("abc").body
    one, other = stream.tee()
    assert [await js.Response.new(each).text() for each in (one, other)] == ["abc", "abc"]
    assert stream.locked


async def test_a_body_is_made_of_bytes_alone() -> None:
    # PW-4.T1.16
    with pytest.raises(JsException, match=r"This ReadableStream did not return bytes\."):
        await js.Response.new(stream_of("a")).text()
    used = js.Response.new("x")
    await used.text()
    with pytest.raises(JsException, match="is disturbed"):
        js.Response.new(used.body)
    locked = js.ReadableStream.new()
    locked.getReader()
    with pytest.raises(JsException, match="is locked to a reader"):
        js.Response.new(locked)


async def test_what_is_written_to_a_transform_is_read_from_it() -> None:
    # PW-4.T1.16
    through = js.TransformStream.new()
    writer = through.writable.getWriter()
    writer.write("a")
    writer.close()
    reader = through.readable.getReader()
    assert [(await reader.read()).value, (await reader.read()).done] == ["a", True]


async def test_a_transform_changes_what_passes() -> None:
    # PW-4.T1.16
    through = js.TransformStream.new(
        transform=create_proxy(lambda piece, controller: controller.enqueue(piece + "!")),
        flush=create_proxy(lambda controller: controller.enqueue("end")),
    )
    assert [piece async for piece in stream_of("a", "b").pipeThrough(through)] == ["a!", "b!", "end"]


async def test_a_write_waits_until_it_is_read() -> None:
    # PW-4.T1.16
    through = js.IdentityTransformStream.new()
    writer = through.writable.getWriter()
    written = asyncio.ensure_future(_wait(writer.write(bytes_of("a"))))
    await asyncio.sleep(1)
    assert not written.done()
    assert (await through.readable.getReader().read()).value.to_bytes() == b"a"
    await written


async def _wait(promise: Any) -> None:
    await promise


async def test_a_sink_is_written_to_in_turn() -> None:
    # PW-4.T1.16
    seen: list[Any] = []

    async def write(piece: Any, _controller: Any) -> None:
        await asyncio.sleep(1)
        seen.append(piece)

    sink = js.WritableStream.new(write=create_proxy(write), close=create_proxy(lambda: seen.append("closed")))
    await stream_of("a", "b").pipeTo(sink)
    assert seen == ["a", "b", "closed"]
    writer = sink.getWriter()
    with pytest.raises(JsException, match=r"This WritableStream is currently locked to a writer\."):
        sink.getWriter()
    with pytest.raises(JsException, match=r"This WritableStream has been closed\."):
        await writer.write("c")
