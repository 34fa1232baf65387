"""``JsException`` and what becomes of failures: spec python-workers 1.8, 3.12."""

import pickle

import pytest

from pytest_durable._core.platform_errors import PlatformError, RemoteFailure, connection_lost, object_reset
from pytest_durable._surfaces.finder import ImportFinder
from pytest_durable._surfaces.wrapped.exceptions import ConversionError, JsException, explained, shown, shown_failure

HEX = "ab" * 32


def raised(failure: BaseException) -> BaseException:
    """The exception with a traceback."""
    try:
        raise failure
    except BaseException as caught:
        return caught


def test_the_text_is_name_and_message() -> None:
    # PW-1.55 PW-3.3.T1.4
    failure = JsException("TypeError", "bad", code=5)
    assert str(failure) == "TypeError: bad"
    assert (failure.name, failure.message, failure.code) == ("TypeError", "bad", 5)
    assert failure.stack.startswith("TypeError: bad")
    assert isinstance(failure, Exception)


def test_absent_attributes_are_missing() -> None:
    # PW-1.57
    with pytest.raises(AttributeError):
        JsException("Error", "x").remote


def test_it_survives_pickling() -> None:
    # PW-3.3.T1.4
    finder = ImportFinder()
    finder.install()
    try:
        copied = pickle.loads(pickle.dumps(JsException("TypeError", "bad", remote=True)))
    finally:
        finder.uninstall()
    assert (str(copied), copied.remote) == ("TypeError: bad", True)


def test_tracebacks_name_the_module_it_is_imported_from() -> None:
    assert JsException.__module__ == ConversionError.__module__ == "pyodide.ffi"


@pytest.mark.parametrize(
    ("failure", "attributes"),
    [
        (PlatformError("x"), {}),
        (connection_lost(), {"retryable": True}),
        (object_reset("x"), {"durableObjectReset": True}),
        (PlatformError("x", overloaded=True, remote=True), {"overloaded": True, "remote": True}),
        (PlatformError("x", durable_object_id=HEX), {"durableObjectId": HEX}),
    ],
)
def test_flags_of_the_platform_are_attributes_only_when_true(failure: PlatformError, attributes: object) -> None:
    # PW-1.57 DO-9.5.P
    seen = vars(shown(failure))
    assert {key: value for key, value in seen.items() if key not in ("name", "message", "stack")} == attributes


def test_only_the_platforms_errors_change_their_form_inside_an_object() -> None:
    # PW-1.59
    mine = KeyError("mine")
    assert shown_failure(mine) is mine
    assert isinstance(shown_failure(PlatformError("x")), JsException)


class TestAcrossCalls:
    def test_a_python_exception_is_a_python_error_with_its_traceback(self) -> None:
        # PW-1.8.T1.1
        seen = explained(RemoteFailure(raised(ValueError("bad")), HEX, from_user_code=True), enhanced=True)
        assert seen.name == "PythonError"
        assert seen.message.startswith("Traceback (most recent call last):\n")
        assert seen.message.endswith("ValueError: bad\n")
        assert (seen.type, seen.remote, seen.durableObjectId) == ("ValueError", True, HEX)

    def test_earlier_dates_put_everything_into_the_message(self) -> None:
        # PW-1.8.T1.2
        seen = explained(RemoteFailure(raised(ValueError("bad")), HEX, from_user_code=True), enhanced=False)
        assert seen.name == "Error"
        assert seen.message.startswith("PythonError: Traceback (most recent call last):\n")
        assert (seen.remote, hasattr(seen, "type"), hasattr(seen, "durableObjectId")) == (True, False, False)

    def test_the_type_is_the_qualified_name(self) -> None:
        # PW-1.56
        class Mine(Exception):
            pass

        seen = explained(RemoteFailure(raised(Mine("x")), HEX, from_user_code=True), enhanced=True)
        assert seen.type == Mine.__qualname__

    def test_an_error_of_the_platform_keeps_name_and_message(self) -> None:
        # PW-1.20
        seen = explained(RemoteFailure(object_reset("why"), HEX, from_user_code=False), enhanced=True)
        assert str(seen) == "Error: why"
        assert seen.durableObjectReset is True
        assert not hasattr(seen, "remote")

    def test_a_js_exception_passes_on_as_what_it_was(self) -> None:
        original = JsException("TypeError", "x", code=5)
        seen = explained(RemoteFailure(original, HEX, from_user_code=True), enhanced=True)
        assert seen is not original
        assert (str(seen), seen.code, seen.remote) == ("TypeError: x", 5, True)

    def test_an_error_that_reset_the_object_is_not_remote(self) -> None:
        # PW-1.24 DO-9.5.T1.3
        failure = RemoteFailure(raised(ValueError("bad")), HEX, from_user_code=True, reset=True)
        seen = explained(failure, enhanced=True)
        assert seen.durableObjectReset is True
        assert not hasattr(seen, "remote")
        assert not hasattr(seen, "durableObjectId")
