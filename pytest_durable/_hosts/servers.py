"""Servers that the test plays: objects open WebSockets to them. A part of ``network``."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from pytest_durable._core.errors import StuckError
from pytest_durable._core.life import Life
from pytest_durable._core.platform_errors import error
from pytest_durable._core.sockets import End, make_line
from pytest_durable._hosts.arguments import require
from pytest_durable._hosts.web_socket import TestWebSocket

if TYPE_CHECKING:
    from pytest_durable._hosts.world import World

_FOR_EXAMPLE: Final = 'For example:  feed = durable.network.accept("wss://feed.example/")'


class Server:
    """A server that the test plays: it takes every WebSocket that is opened to its address.

    Args:
        url: The address.
        world: The test's loop.
        raise_failures: Raises what has failed in an object and nobody has seen.

    Attributes:
        url: As it was given.
    """

    def __init__(self, url: str, world: "World", raise_failures: Callable[[], None]) -> None:
        self.url = url
        self._world = world
        self._raise_failures = raise_failures
        self._opened: deque[TestWebSocket] = deque()
        self._news: set[asyncio.Future[None]] = set()

    def __repr__(self) -> str:
        return f"<Server at {self.url}: {len(self._opened)} connections not taken>"

    async def connection(self) -> TestWebSocket:
        """The test's end of the next connection that an object opens; waits for one.

        Raises:
            StuckError: Nothing that could open one will ever happen.
        """
        while not self._opened:
            news: asyncio.Future[None] = self._world.loop.create_future()
            self._news.add(news)
            try:
                await news
            except StuckError:
                self._raise_failures()
                raise
            finally:
                self._news.discard(news)
        return self._opened.popleft()

    def take(self, life: Life) -> End:
        """Somebody opens a connection; their end of it."""
        theirs, ours = make_line()
        self._opened.append(TestWebSocket(ours, self._world, life, self._raise_failures))
        for news in self._news:
            if not news.done():
                news.set_result(None)
        return theirs


class Servers:
    """The servers that a test plays.

    Args:
        world: The test's loop.
        life: Gives the life that runs.
        raise_failures: Raises what has failed in an object and nobody has seen.
    """

    def __init__(self, world: "World", life: Callable[[], Life], raise_failures: Callable[[], None]) -> None:
        self._world = world
        self._life = life
        self._raise_failures = raise_failures
        self._servers: dict[str, Server] = {}

    def __repr__(self) -> str:
        return f"<Servers: {len(self._servers)}>"

    def accept(self, url: str) -> Server:
        """Let objects open WebSockets to ``url``. A second time gives the same server.

        Args:
            url: Absolute, ``ws:`` or ``wss:``.
        """
        given: object = url
        parts = urlsplit(given) if isinstance(given, str) else None
        require(
            parts is not None and parts.scheme in ("ws", "wss") and bool(parts.netloc),
            "network.accept() takes the address of a WebSocket.",
            expected="an absolute URL that begins with ws:// or wss://",
            actual=url,
            advice=_FOR_EXAMPLE,
        )
        address = _normal(url)
        if address not in self._servers:
            self._servers[address] = Server(url, self._world, self._raise_failures)
        return self._servers[address]

    def connect(self, url: str, _protocols: tuple[str, ...]) -> End:
        """Open a connection, on behalf of an object.

        Raises:
            PlatformError: There is no such server.
        """
        server = self._servers.get(_normal(url))
        if server is None:
            raise error(
                f"There is no network in a test, and nothing at {url}. "
                f'Play the server in the test:  durable.network.accept("{url}")'
            )
        return server.take(self._life())


def _normal(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(path=parts.path or "/", netloc=parts.netloc.lower()).geturl()
