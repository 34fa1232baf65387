"""What a gateway tells an application of a request.

Source: the specification of ASGI (HTTP, WebSocket); PEP 3333; workers-runtime-sdk workers/asgi.py, workers/wsgi.py.
"""

import io
import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from pytest_durable._surfaces.wrapped.gateway.options import header_pairs
from pytest_durable._surfaces.wrapped.web.queries import URL

#: The versions of ASGI that are spoken.
ASGI: Final = {"version": "3.0", "spec_version": "2.0"}
_PORTS: Final = MappingProxyType({"http": "80", "https": "443"})
_OWN_NAMES: Final = ("CONTENT_TYPE", "CONTENT_LENGTH")


def request_to_scope(req: Any, env: Any, ws: bool = False, state: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The scope of an ASGI application for one request.

    Args:
        req: The request, of the SDK or of the platform.
        env: What the application finds under ``env``.
        ws: It is the handshake of a WebSocket.
        state: What the lifespan keeps; each request gets a copy.
    """
    url = URL.new(req.url)
    scope = {
        "type": "websocket" if ws else "http",
        "asgi": ASGI,
        "http_version": "1.1",
        "method": req.method,
        "scheme": url.protocol.removesuffix(":"),
        "path": unquote(url.pathname),
        "raw_path": url.pathname.encode(),
        "query_string": url.search.removeprefix("?").encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in header_pairs(req)],
        "env": env,
    }
    if state is not None:
        scope["state"] = dict(state)
    return scope


def build_environ(req: Any, env: Any, body: bytes | io.IOBase) -> dict[str, Any]:
    """The environ of a WSGI application for one request.

    Args:
        req: The request, of the SDK or of the platform.
        env: What the application finds under ``workers.env``.
        body: The bytes of the body, or a file of them.

    Raises:
        ValueError: The address is not absolute.
    """
    url = urlsplit(req.url)
    if not url.scheme:
        raise ValueError(f"Request URL is not absolute: {req.url!r}")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": str(getattr(req.method, "value", req.method)),
        "SCRIPT_NAME": "",
        "PATH_INFO": _as_bytes(unquote(url.path or "/")),
        "QUERY_STRING": url.query,
        "SERVER_NAME": url.hostname,
        "SERVER_PORT": str(url.port) if url.port else _PORTS.get(url.scheme, "80"),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": io.BytesIO(body) if isinstance(body, bytes | bytearray) else body,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "workers.env": env,
    }
    for name, value in header_pairs(req):
        _add_header(environ, name.upper().replace("-", "_"), value)
    if isinstance(body, bytes | bytearray) and body:
        environ.setdefault("CONTENT_LENGTH", str(len(body)))
    return environ


def _add_header(environ: dict[str, Any], name: str, value: str) -> None:
    if name in _OWN_NAMES:
        environ[name] = value
        return
    key = f"HTTP_{name}"
    environ[key] = f"{environ[key]},{value}" if key in environ else value


def _as_bytes(text: str) -> str:
    """A text whose letters are the bytes of its UTF-8, which is how WSGI hands over bytes."""
    return text.encode("utf-8").decode("latin-1")
