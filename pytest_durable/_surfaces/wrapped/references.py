"""Wire values that stand for something that is not copied: functions, other objects, requests and responses.

They can be sent but not stored; the codec refuses them.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from pytest_durable._core.actor import Capability
from pytest_durable._core.storage import Textual
from pytest_durable._core.storage.values import JSMap
from pytest_durable._surfaces.seams import Client, ServiceClient


class Sendable(ABC):
    """A thing of user code that knows its own wire form (proxies, stubs, requests, responses)."""

    __slots__ = ()

    @abstractmethod
    def __to_wire__(self) -> object:
        """The wire value that travels."""


class Copied(ABC):
    """A thing of the platform that is sent as a copy of itself, and cannot be stored (blobs, forms)."""

    __slots__ = ()

    @abstractmethod
    def __copied__(self) -> object:
        """The wire value that travels."""


class LiteralMap(JSMap):
    """What ``to_js`` makes of a dict that no converter was given for: reads like a Map, means a plain object.

    Pyodide 0.28 cannot clone it, later versions make a plain object at once; here it is sent as one.
    """

    __slots__ = ()

    def as_object(self) -> dict[Any, object]:
        """The plain object that was meant."""
        return dict(self.pairs())


class Reference:
    """Base of wire values that are passed by reference."""

    __slots__ = ()


class FunctionReference(Reference, Capability):
    """A function: calling it runs it where it came from.

    Args:
        function: The function.
    """

    __slots__ = ("function",)

    def __init__(self, function: Callable[..., object]) -> None:
        super().__init__()
        self.function = function

    def __repr__(self) -> str:
        return "function(){}"


class StubReference(Reference):
    """Another object."""

    __slots__ = ("client",)

    def __init__(self, client: Client | ServiceClient) -> None:
        self.client = client


class ProxiedReference(Reference):
    """A thing of the platform that stays where it is, and is shown by a proxy of its own kind."""

    __slots__ = ()

    #: Why it can be neither stored nor sent.
    clone_refusal: str

    @abstractmethod
    def proxy(self) -> object:
        """What user code holds of it, made anew."""


class PythonReference(Reference, Textual):
    """A Python object handed to the platform as it is: it can come back, but it has no clone.

    Its text is that of Pyodide's proxies, which ask ``str``.

    Args:
        value: The object.
        proxy: The proxy that user code made of it, if it did.
    """

    __slots__ = ("proxy", "value")

    def __init__(self, value: object, proxy: object = None) -> None:
        self.value = value
        self.proxy = proxy

    def platform_text(self) -> str:
        return str(self.value)

    def __repr__(self) -> str:
        return "function(){}" if callable(self.value) else "[object Object]"
