"""The seam between the platform and what user code can import and see.

The core speaks in *wire values* (the value types of ``storage.values``: plain Python for what has a plain Python form,
``UNDEFINED``, typed arrays and so on for the rest), snake_case and ``PlatformError``. A surface turns all of that into
the names, conversions and exceptions of one kind of user code. It holds no state of its own that belongs to an object.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Literal, NoReturn, Protocol

from pytest_durable._core.messages import Delivery, WorkerDelivery


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Where kinds of user code differ in what the *platform* does to their objects (decisions 1.1).

    Attributes:
        constructor_failure: ``break``: the object is broken, a fresh stub constructs again (DO-9.2.2). ``replay``: the
            same failure answers every event until eviction, the constructor is not run again (PW-1.14).
        alarm_without_handler: ``refuse``: setting an alarm is an error and a delivery drops the alarm (DO-7.1, 7.3.3).
            ``deliver``: setting succeeds, the delivery fails and is retried (PW-1.38).
        sees_closing: An asynchronous handler of a closed WebSocket begins while the socket is still listed (PW-6.7).
    """

    constructor_failure: Literal["break", "replay"]
    alarm_without_handler: Literal["refuse", "deliver"]
    sees_closing: bool = False


class Surface(Protocol):
    """What the runtime asks of a surface."""

    @property
    def name(self) -> str:
        """How options name it."""
        ...

    @property
    def rules(self) -> Rules:
        """Where this kind of user code is treated differently."""
        ...

    def check_class(self, cls: type) -> None:
        """Make sure that ``cls`` is a class of objects of this kind of user code.

        Raises:
            ConfigurationError: It is none.
        """

    def build(self, cls: type, context: Any, bindings: Mapping[str, object]) -> object:
        """Call the user's class. ``context`` is an ``actor.ObjectContext``, ``bindings`` what ``env`` shows."""
        ...

    def replay(self, cls: type, failure: BaseException) -> NoReturn:
        """Raise once more what the constructor of ``cls`` raised; asked only where ``rules`` say ``replay``."""
        ...

    def has_handler(self, cls: type, name: str) -> bool:
        """Whether objects of the class answer the event ``name`` (``alarm``, ``fetch``)."""
        ...

    def deliver(self, instance: object, delivery: Delivery) -> object:
        """Start the handler or method; return its result or an awaitable of it, unconverted."""
        ...

    def answer(self, delivery: Delivery, result: object) -> object:
        """The wire value (or ``messages.Response``) of a handler's result. May raise, in the callee's name."""
        ...


class WorkerCode(Protocol):
    """What the runtime asks of a surface about the main module of a Worker."""

    def open(self, module: ModuleType, entrypoint: str, context: Any, bindings: Mapping[str, object]) -> object:
        """What answers one event: an instance of an entrypoint's class, made anew, or the module's own handlers.

        Args:
            module: The main module.
            entrypoint: Which of its entrypoints; empty: the default one.
            context: What the event is handed, an ``actor.ObjectContext``.
            bindings: What ``env`` shows.

        Raises:
            PlatformError, ConfigurationError: The module has no such entrypoint.
        """
        ...

    def start(self, instance: object, delivery: WorkerDelivery) -> object:
        """Start the handler or method; return its result or an awaitable of it, unconverted."""
        ...

    def answer(self, delivery: WorkerDelivery, result: object) -> object:
        """The wire value (or ``messages.Response``) of a handler's result. May raise, in the callee's name."""
        ...
