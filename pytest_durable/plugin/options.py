"""What marker, ini file and command line can say about a durable test, and which of them wins.

The marker speaks for one test and wins. Below it the command line beats the ini file, and that beats the defaults.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal

import pytest

from pytest_durable._hosts.defaults import DEFAULT_START, STORAGE_MODES, StorageMode

#: Which hosts there are: the platform in this process, and the real one.
BACKENDS: Final = ("inprocess", "workerd")
SURFACES: Final = ("auto", "raw", "wrapped", "off")
SYNCHRONOUS: Final = ("off", "full")
_TRUE: Final = ("true", "yes", "on", "1")
_FALSE: Final = ("false", "no", "off", "0")


class MarkerError(pytest.Collector.CollectError):
    """A marker says what no marker can say. pytest shows it without a traceback: the message names the user's line."""


class BadValueError(ValueError):
    """A value is none of those that exist; the message is the body of a ``UsageError``."""

    def __init__(self, expected: str, actual: object) -> None:
        super().__init__(f"  expected  {expected}\n  actual    {actual!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a durable test is run with.

    Attributes:
        storage: ``"disk"`` (real files) or ``"memory"`` (the same semantics, gone at each restart).
        start: Where the clock starts: an aware datetime, or ISO text with a zone.
        seed: Of everything random: unique ids, retry jitter.
        autojump: A test that waits makes the clock jump to the next thing due.
        config: Path of the ``wrangler`` configuration of the Worker, from the root of the project.
        main: Path of its main module, likewise; instead of the one that the configuration names.
        backend: Which hosts run the test, one after the other.
        copy_from: A directory of captured data; the test works on a copy of it.
        synchronous: ``"full"`` syncs each commit to the disk as the platform does.
        is_start_said: Somebody has said ``start``. No option, but known of one.
        usual_config: The configuration in the ini file, for tests that name none.
    """

    storage: StorageMode = STORAGE_MODES[0]
    start: str | datetime = DEFAULT_START
    seed: int = 0
    autojump: bool = True
    config: str | Path | None = None
    main: str | Path | None = None
    backend: tuple[str, ...] = BACKENDS[:1]
    copy_from: str | Path | None = None
    synchronous: Literal["off", "full"] = "off"
    is_start_said: bool = False
    usual_config: str | None = None


#: Each option with its default.
_NO_OPTIONS: Final = ("is_start_said", "usual_config")
_DEFAULTS: Final = {each.name: each.default for each in fields(Options) if each.name not in _NO_OPTIONS}
OPTION_NAMES: Final = tuple(_DEFAULTS)


def marker_help() -> str:
    """The line that ``pytest --markers`` shows: each option with its default, after the colon that pytest wants."""
    defaults = {name: ",".join(each) if isinstance(each, tuple) else each for name, each in _DEFAULTS.items()}
    shown = ", ".join(f"{name}={default!r}" for name, default in defaults.items())
    return f"durable(**options): how the `durable` fixture of the test is made. Options and defaults: {shown}."


# Values, each checked by a function of its own that returns it or raises BadValueError.


def _one_of(known: tuple[str, ...]) -> Callable[[object], str]:
    def check(value: object) -> str:
        if value not in known:
            raise BadValueError(" or ".join(map(repr, known)), value)
        return str(value)

    return check


def _start(value: object) -> str | datetime:
    instant = value
    if isinstance(value, str):
        try:
            instant = datetime.fromisoformat(value)
        except ValueError:
            instant = None
    if not isinstance(instant, datetime) or instant.utcoffset() is None:
        raise BadValueError(f"a date and time with a zone, such as {DEFAULT_START!r}", value)
    return value  # type: ignore[return-value]


def _integer(value: object) -> int:
    if isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            raise BadValueError("an integer, such as 42", value) from None
    if not isinstance(value, int) or isinstance(value, bool):
        raise BadValueError("an integer, such as 42", value)
    return value


def _truth(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _TRUE + _FALSE:
        return value.lower() in _TRUE
    raise BadValueError("True or False", value)


def _backends(value: object) -> tuple[str, ...]:
    names = tuple(value.replace(" ", "").split(",")) if isinstance(value, str) else value
    is_list = isinstance(names, tuple | list) and bool(names) and len(set(names)) == len(names)
    if not is_list or any(name not in BACKENDS for name in names):  # type: ignore[attr-defined]
        raise BadValueError(" or ".join(map(repr, (*BACKENDS, ",".join(BACKENDS)))), value)
    return tuple(names)  # type: ignore[arg-type]


def _path(value: object) -> str | Path | None:
    if value is None or isinstance(value, str | Path):
        return value
    raise BadValueError("a path", value)


_CHECKS: Final[Mapping[str, Callable[[object], Any]]] = {
    "storage": _one_of(STORAGE_MODES),
    "start": _start,
    "seed": _integer,
    "autojump": _truth,
    "config": _path,
    "main": _path,
    "backend": _backends,
    "copy_from": _path,
    "synchronous": _one_of(SYNCHRONOUS),
}


# The marker.


def read_marks(item: pytest.Item, defaults: Options) -> Options:
    """The options of one test: its own markers, then those of its class and module, then ``defaults``.

    Raises:
        MarkerError: A marker has an argument that does not exist, or a value that is none.
    """
    said: dict[str, Any] = {}
    for node, mark in item.iter_markers_with_node("durable"):
        if mark.args:
            raise _marker_error(node, "takes keyword arguments only", ", ".join(OPTION_NAMES), mark.args[0])
        for name, value in mark.kwargs.items():
            said.setdefault(name, _read_argument(node, name, value))
    if not said:
        return defaults
    return replace(defaults, **said, is_start_said=defaults.is_start_said or "start" in said)


def _read_argument(node: Any, name: str, value: object) -> object:
    if name not in _CHECKS:
        raise _unknown_argument(node, name)
    try:
        known = _CHECKS[name](value)
    except BadValueError as bad:
        raise MarkerError(f"{_line_of(node)}: the marker durable has no such {name}.\n\n{bad}") from None
    if name == "copy_from" and known is not None and not (directory := node.config.rootpath / known).is_dir():
        raise _marker_error(node, "copies from a directory that is not there", "a directory", str(directory))
    return known


def _unknown_argument(node: Any, name: str) -> MarkerError:
    text = (
        f"{_line_of(node)}: the marker durable has no argument {name!r}.\n\n"
        f"  expected  {', '.join(OPTION_NAMES)}\n"
        f"  actual    {name}"
    )
    from difflib import get_close_matches  # only here, because every run of pytest imports this module

    close = get_close_matches(name, OPTION_NAMES, n=1)
    return MarkerError(f"{text}\n\nDid you mean:  @pytest.mark.durable({close[0]}=…)" if close else text)


def _marker_error(node: Any, fact: str, expected: str, actual: object) -> MarkerError:
    return MarkerError(
        f"{_line_of(node)}: the marker durable {fact}.\n\n  expected  {expected}\n  actual    {actual!r}"
    )


def _line_of(node: Any) -> str:
    """Where the user wrote the marker: ``file:line`` of the decorator, or of ``pytestmark`` in a module."""
    path = node.path
    try:
        shown = path.relative_to(node.config.rootpath)
    except ValueError:
        shown = path
    code = getattr(getattr(node, "obj", None), "__code__", None)
    lines = path.read_text(encoding="utf-8").splitlines()
    first = code.co_firstlineno if code is not None else 1
    for number, line in enumerate(lines[first - 1 :], first):
        if "durable(" in line and "mark" in line:
            return f"{shown}:{number}"
    return f"{shown}:{first}"


# The ini file and the command line.


def add_options(parser: pytest.Parser) -> None:
    """Declare what the command line and the ini file can say."""
    group = parser.getgroup("durable", "Durable Objects (pytest-durable)")
    group.addoption(
        "--durable-backend", metavar="NAMES", help=f"which hosts run the tests, one or several: {','.join(BACKENDS)}"
    )
    group.addoption("--durable-workerd", metavar="PATH", help="the executable of the real platform")
    group.addoption("--durable-seed", metavar="N", help="seed of everything random in durable tests (default: 0)")
    group.addoption(
        "--durable-keep", action="store_true", help="keep the directories of failed tests; the report names them"
    )
    parser.addini("durable_storage", f"where objects are kept: {', '.join(STORAGE_MODES)}", default="")
    parser.addini("durable_start", f"where the clock starts (default: {DEFAULT_START})", default="")
    parser.addini("durable_config", "the wrangler configuration (default: the one in rootdir)", default="")
    parser.addini("durable_backend", f"which hosts run the tests, one or several: {','.join(BACKENDS)}", default="")
    parser.addini("durable_autojump", "a test that waits makes the clock jump (default: true)", default="")
    surfaces = f"what user code can import and see: {', '.join(SURFACES)} (no `workers`, `js`, `pyodide`)"
    parser.addini("durable_surface", surfaces, default="")


_INI: Final = ("storage", "start", "backend", "autojump")
_COMMAND_LINE: Final = ("backend", "seed")


def read_config(config: pytest.Config) -> Options:
    """The options of tests whose marker says nothing.

    Raises:
        UsageError: A value is none of those that exist.
    """
    said: dict[str, Any] = {}
    for name in _INI:
        if text := config.getini(f"durable_{name}"):
            said[name] = _read_setting(f"durable_{name}", name, text)
    for name in _COMMAND_LINE:
        if (text := config.getoption(f"durable_{name}")) is not None:
            said[name] = _read_setting(f"--durable-{name}", name, text)
    return Options(**said, is_start_said="start" in said, usual_config=config.getini("durable_config") or None)


def read_surface(config: pytest.Config) -> str:
    """What user code can import and see: one of ``SURFACES``.

    Raises:
        UsageError: The value is none of those that exist.
    """
    try:
        return _one_of(SURFACES)(config.getini("durable_surface") or SURFACES[0])
    except BadValueError as bad:
        raise _setting_error("durable_surface", bad) from None


def _read_setting(setting: str, name: str, text: str) -> object:
    try:
        return _CHECKS[name](text)
    except BadValueError as bad:
        raise _setting_error(setting, bad) from None


def _setting_error(setting: str, bad: BadValueError) -> pytest.UsageError:
    return pytest.UsageError(f"{setting} has a value that does not exist.\n\n{bad}")
