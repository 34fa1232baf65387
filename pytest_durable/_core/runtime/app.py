"""What is to be run: classes, bindings, dates and flags. Values only; nothing is loaded here."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

from pytest_durable._core.errors import ConfigurationError
from pytest_durable._core.sockets import SocketRules

#: The date used when a test says nothing (decisions 6.1).
DEFAULT_COMPATIBILITY_DATE: Final = "2026-08-01"
#: From this date on ``deleteAll`` deletes the alarm too (spec 4.4.4).
_DELETE_ALL_DELETES_ALARM_DATE: Final = "2026-02-24"
_DELETES: Final = "delete_all_deletes_alarm"
_PRESERVES: Final = "delete_all_preserves_alarm"
#: From this date on errors keep their properties across calls and in storage (spec 10.4, 3.6.4).
_ENHANCED_ERRORS_DATE: Final = "2026-04-21"
_ENHANCED: Final = "enhanced_error_serialization"
_LEGACY: Final = "legacy_error_serialization"
#: From this date on a stub that is sent as an argument stays its sender's, too (spec 10.2.2).
_DUP_STUBS_DATE: Final = "2026-01-20"
_DUPS: Final = "rpc_params_dup_stubs"
_TRANSFERS: Final = "rpc_params_transfer_stubs"
#: From this date on a Python Worker answers events by classes only (spec python-workers 1.34).
_NO_GLOBAL_HANDLERS_DATE: Final = "2025-08-14"
_NO_GLOBAL_HANDLERS: Final = "python_no_global_handlers"
_GLOBAL_HANDLERS: Final = "disable_python_no_global_handlers"
#: Shows what production does not have yet (spec 4.1.1, 5.1, 5.6.3).
_EXPERIMENTAL: Final = "experimental"
#: From these dates on: a close is answered on sockets without hibernation, their binary messages are Blobs, and the
#: reason of a close has a limit (spec python-workers 0.2). Date, flag, flag that takes it back.
_ANSWERS_CLOSE: Final = ("2026-04-07", "web_socket_auto_reply_to_close", "web_socket_manual_reply_to_close")
_BLOBS: Final = ("2026-03-17", "websocket_standard_binary_type", "no_websocket_standard_binary_type")
_LIMITS_REASON: Final = ("2026-03-03", "websocket_close_reason_byte_limit", "no_websocket_close_reason_byte_limit")
#: Flags of which an application has one at most.
_CONTRADICTORY: Final = (
    (_DELETES, _PRESERVES),
    (_ENHANCED, _LEGACY),
    (_DUPS, _TRANSFERS),
    (_NO_GLOBAL_HANDLERS, _GLOBAL_HANDLERS),
)
_SURFACES: Final = ("auto", "raw", "wrapped", "neutral")


_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}\Z")


def _sequence(name: str, value: object) -> tuple[object, ...]:
    _require(isinstance(value, list | tuple), name, value, "a tuple")
    assert isinstance(value, list | tuple)
    return tuple(value)


def _require(condition: bool, name: str, value: object, expected: str) -> None:
    if not condition:
        raise ConfigurationError(
            f"App({name}=…) makes no sense.\n\n  expected  {expected}\n  actual    {value!r}\n\n"
            "See docs/reference/app.md"
        )


def _frozen(mapping: Mapping[str, object] | None = None) -> Mapping[str, object]:
    return MappingProxyType(dict(mapping or {}))


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformOptions:
    """Every knob of the platform that a test can turn.

    Attributes:
        prevent_eviction: Names of classes whose idle objects stay in memory.
        sql: ``storage.sql`` is available.
        message_bytes_max: Largest arguments of a call, and largest result, in serialized bytes; largest message of a
            WebSocket.
        closing_socket_visible: ``getWebSockets()`` still lists a closed socket when an ``async def webSocketClose``
            begins. The platform does not say; code should work either way.
        auto_reply_to_close: A close of the other side that ``webSocketClose`` has not answered is answered. Documented,
            but not what the platform's own runtime does.
        isolates: How many copies of the application's modules there are at a time. Objects and events are dealt out to
            them in turn, which shows who shares module state by accident.
    """

    prevent_eviction: tuple[str, ...] = ()
    sql: bool = True
    message_bytes_max: int = 33_554_432
    closing_socket_visible: bool = False
    auto_reply_to_close: bool = False
    isolates: int = 1

    def __post_init__(self) -> None:
        count: object = self.isolates
        if not isinstance(count, int) or isinstance(count, bool) or count < 1:
            raise ConfigurationError(
                f"PlatformOptions(isolates=…) makes no sense.\n\n  expected  a whole number from 1 on\n"
                f"  actual    {count!r}\n\nSee docs/reference/app.md"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """The application under test.

    Attributes:
        config: Its ``wrangler.jsonc``, ``.json`` or ``.toml``, from the root of the project.
        environment: Which of the environments of ``config`` (its ``env``); None: none of them.
        main: Its main module, likewise; instead of ``config``, or of the main module that it names.
        classes: Classes of objects, bound under their names in UPPER_SNAKE.
        bindings: What ``env`` shows besides: binding name to a class of objects, a ``"module:Class"``, or any value
            of your own that is no class.
        vars: Plain variables of ``env``.
        workers: Other Workers that run beside it, each with a ``config`` of its own; service bindings lead to them.
        compatibility_date: As in the platform's configuration; None: what ``config`` says, or else 2026-08-01.
        compatibility_flags: Likewise; None: what ``config`` says, or else none.
        surface: What user code sees: ``"wrapped"`` (the Python SDK from 1.3 on), ``"raw"`` (the SDK before),
            ``"neutral"`` (plain values, used to test the platform itself), or ``"auto"``: chosen by the compatibility
            date and the installed SDK.
        lenient: Accept idioms of the other SDK generation where they are harmless.
        options: Knobs of the platform.

    Raises:
        ConfigurationError: A value is none of those that exist.
    """

    config: str | Path | None = None
    main: str | Path | None = None
    environment: str | None = None
    classes: tuple[type | str, ...] = ()
    bindings: Mapping[str, object] = field(default_factory=_frozen)
    vars: Mapping[str, object] = field(default_factory=_frozen)
    workers: tuple["App", ...] = ()
    compatibility_date: str | None = None
    compatibility_flags: tuple[str, ...] | None = None
    surface: Literal["auto", "raw", "wrapped", "neutral"] = "auto"
    lenient: bool = True
    options: PlatformOptions = PlatformOptions()

    def __post_init__(self) -> None:
        given: str = self.surface
        if given not in _SURFACES:
            raise ConfigurationError(
                f"There is no surface {given!r}.\n\n"
                f"  expected  {', '.join(map(repr, _SURFACES))}\n"
                f"  actual    {given!r}\n\n"
                "Leave it out, or choose the current SDK:  App(surface='wrapped')"
            )
        # Lists are as good as tuples, and frozen here so that an App stays a value.
        object.__setattr__(self, "classes", _sequence("classes", self.classes))
        object.__setattr__(self, "workers", _sequence("workers", self.workers))
        for worker in self.workers:
            given_worker: object = worker
            is_described = isinstance(given_worker, App) and given_worker.config is not None
            _require(is_described, "workers", worker, "App(config=…) for each")
        if self.compatibility_flags is not None:
            flags = _sequence("compatibility_flags", self.compatibility_flags)
            object.__setattr__(self, "compatibility_flags", flags)
        for name in ("bindings", "vars"):
            _require(isinstance(getattr(self, name), Mapping), name, getattr(self, name), "a dict, name to value")
        for name in ("config", "main"):
            _require(isinstance(getattr(self, name), str | Path | None), name, getattr(self, name), "a path")
        environment: object = self.environment
        _require(isinstance(environment, str | None), "environment", environment, "a name")
        for target in self.classes:
            given_target: object = target
            _require(isinstance(given_target, type | str), "classes", target, "classes, or 'module:Class'")
        for flag in self.compatibility_flags or ():
            given_flag: object = flag
            _require(isinstance(given_flag, str), "compatibility_flags", flag, "names of flags")
        options: object = self.options
        _require(isinstance(options, PlatformOptions), "options", options, "PlatformOptions(…)")
        for one, other in _CONTRADICTORY:
            if self._has(one) and self._has(other):
                raise ConfigurationError(
                    f"The compatibility flags {one!r} and {other!r} contradict each other.\n\n"
                    "The platform does not start with both. Leave one of them out."
                )
        lenient: object = self.lenient
        _require(isinstance(lenient, bool), "lenient", lenient, "True or False")
        date = self.compatibility_date
        is_date = date is None or _DATE.match(str(date)) is not None
        _require(is_date, "compatibility_date", date, "a date such as '2026-08-01'")

    @property
    def delete_all_keeps_alarm(self) -> bool:
        """Whether ``deleteAll`` leaves the alarm."""
        if self._has(_PRESERVES):
            return True
        if self._has(_DELETES):
            return False
        return self._date < _DELETE_ALL_DELETES_ALARM_DATE

    @property
    def experimental(self) -> bool:
        """Whether objects see what only local development has."""
        return self._has(_EXPERIMENTAL)

    @property
    def enhanced_errors(self) -> bool:
        """Whether errors keep their properties across calls and in storage."""
        if self._has(_LEGACY):
            return False
        return self._has(_ENHANCED) or self._date >= _ENHANCED_ERRORS_DATE

    @property
    def has_global_handlers(self) -> bool:
        """Whether functions of a Python main module may be handlers."""
        if self._has(_NO_GLOBAL_HANDLERS):
            return False
        return self._has(_GLOBAL_HANDLERS) or self._date < _NO_GLOBAL_HANDLERS_DATE

    @property
    def rpc_dups_arguments(self) -> bool:
        """Whether a stub that is sent as an argument stays its sender's."""
        if self._has(_TRANSFERS):
            return False
        return self._has(_DUPS) or self._date >= _DUP_STUBS_DATE

    @property
    def calls_any_class(self) -> bool:
        """Whether objects can be called whose class does not derive from the platform's base class."""
        return self._has("js_rpc")

    @property
    def socket_rules(self) -> SocketRules:
        """What it has chosen about WebSockets."""
        return SocketRules(
            sees_closing=self.options.closing_socket_visible,
            auto_reply=self.options.auto_reply_to_close,
            answers_close=self._since(*_ANSWERS_CLOSE),
            blobs=self._since(*_BLOBS),
            limits_reason=self._since(*_LIMITS_REASON),
            bytes_max=self.options.message_bytes_max,
        )

    def _since(self, date: str, on: str, off: str) -> bool:
        return not self._has(off) and (self._has(on) or self._date >= date)

    @property
    def _date(self) -> str:
        return self.compatibility_date or DEFAULT_COMPATIBILITY_DATE

    def _has(self, flag: str) -> bool:
        return flag in (self.compatibility_flags or ())
