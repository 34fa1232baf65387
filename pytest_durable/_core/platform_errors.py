"""What the platform raises into user code, worded as the platform words it.

A surface translates these into what its users catch. The test itself meets them as they are, so the class is
public under the name ``PlatformError``.
"""

from typing import Final

DEFAULT_ABORT_REASON: Final = "Application called abort() to reset Durable Object."
CONNECTION_LOST: Final = "Network connection lost."
STORAGE_GONE: Final = "Durable Object storage is no longer accessible."


class PlatformError(Exception):
    """An error of the simulated platform.

    Attributes:
        name: The platform's class of the error: ``Error``, ``TypeError``, ``RangeError``, ``DataCloneError`` …
        message: The platform's own wording.
        remote: The error came from the other side of a call.
        retryable: Trying again may help (a lost connection).
        overloaded: The object was too busy; trying again makes it worse.
        durable_object_reset: The object was reset; its memory and uncommitted writes are gone.
        durable_object_id: Hex id of the object that caught the error, where the platform tells it; if the test caught
            it, of the one that threw.

    Where the platform's words say too little to whoever owns the files, the error carries another one for the test
    alone (``tell``).

    Source: spec durable-objects 9.5.
    """

    def __init__(
        self,
        message: str,
        *,
        name: str = "Error",
        remote: bool = False,
        retryable: bool = False,
        overloaded: bool = False,
        durable_object_reset: bool = False,
        durable_object_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.name = name
        self.message = message
        self.remote = remote
        self.retryable = retryable
        self.overloaded = overloaded
        self.durable_object_reset = durable_object_reset
        self.durable_object_id = durable_object_id

    def __str__(self) -> str:
        return self.message if self.name == "Error" else f"{self.name}: {self.message}"

    def __repr__(self) -> str:
        flags = [flag for flag in ("remote", "retryable", "overloaded", "durable_object_reset") if getattr(self, flag)]
        return f"<PlatformError {self.name}: {self.message!r}{''.join(f' {flag}' for flag in flags)}>"

    def copy(self, *, with_own: bool = True) -> "PlatformError":
        """A fresh exception with the same content: each caller gets its own traceback.

        Args:
            with_own: Copy the properties that user code gave it, too.
        """
        fresh = PlatformError(
            self.message,
            name=self.name,
            remote=self.remote,
            retryable=self.retryable,
            overloaded=self.overloaded,
            durable_object_reset=self.durable_object_reset,
            durable_object_id=self.durable_object_id,
        )
        if (instead := told(self)) is not None:
            tell(fresh, instead)
        if with_own:
            own = {name: held for name, held in vars(self).items() if name not in vars(fresh) and name != "__notes__"}
            vars(fresh).update(own)
        return fresh


def tell(failure: BaseException, instead: Exception) -> None:
    """Let a test that meets ``failure`` at its own stub meet ``instead``, an error about the tool."""
    failure._durable_told = instead  # type: ignore[attr-defined]  # surfaces have error classes of their own


def told(failure: BaseException) -> Exception | None:
    """What a test is told in place of ``failure``, if anything."""
    return getattr(failure, "_durable_told", None)


def note_unloaded(failure: BaseException) -> None:
    """Mark what the execution of an application's module has raised: no event of the application has failed with it."""
    failure._durable_unloaded = True  # type: ignore[attr-defined]


def is_unloaded(failure: BaseException) -> bool:
    """Whether a module of the application could not be executed because of ``failure``."""
    return getattr(failure, "_durable_unloaded", False)


def told_behind(failure: BaseException) -> Exception | None:
    """What a test is told about ``failure``, or about one that user code was handling when it raised ``failure``."""
    behind: BaseException | None = failure
    seen: set[int] = set()
    while behind is not None and id(behind) not in seen:
        if (instead := told(behind)) is not None:
            instead.__cause__ = failure  # with the line of user code that met it
            return instead
        seen.add(id(behind))
        behind = behind.__cause__ or (None if behind.__suppress_context__ else behind.__context__)
    return None


# pytest shows the module before the message: let it be the one from which everybody imports the class.
PlatformError.__module__ = "pytest_durable"


def error(message: str) -> PlatformError:
    """A plain ``Error``."""
    return PlatformError(message)


def type_error(message: str) -> PlatformError:
    """A ``TypeError`` as the platform words it."""
    return PlatformError(message, name="TypeError")


def range_error(message: str) -> PlatformError:
    """A ``RangeError`` as the platform words it."""
    return PlatformError(message, name="RangeError")


def data_clone_error(message: str) -> PlatformError:
    """A ``DataCloneError``: the value cannot be stored or sent."""
    return PlatformError(message, name="DataCloneError")


def connection_lost() -> PlatformError:
    """The other side went away: ``Network connection lost.``, retryable."""
    return PlatformError(CONNECTION_LOST, retryable=True)


def foreign_io(kind: str) -> PlatformError:
    """Something of one object's was used by another object, or by the next instance of the same (spec 9.10).

    Args:
        kind: What the platform calls it.
    """
    return error(
        "Cannot perform I/O on behalf of a different Durable Object. I/O objects (such as streams, request/response "
        "bodies, and others) created in the context of one Durable Object cannot be accessed from a different Durable "
        "Object in the same isolate. This is a limitation of Cloudflare Workers which allows us to improve overall "
        f"performance. (I/O type: {kind})"
    )


def object_reset(reason: str) -> PlatformError:
    """The object was aborted with ``reason``."""
    return PlatformError(reason, durable_object_reset=True)


class RemoteFailure(Exception):
    """How a call on an object ended, on its way to the caller; each kind of caller is shown its own form of it.

    Attributes:
        original: What was raised: the user's exception, or a ``PlatformError`` when the platform ended the call.
        actor_hex: Hex id of the object that was called.
        from_user_code: User code raised ``original``.
        reset: The object was reset by it (a failed constructor or ``blockConcurrencyWhile``).
        is_remote: The caller sees ``.remote``.
        names_object: The caller sees ``.durableObjectId``.
        by_reference: Something was called that the object had handed out. The id is then that of this object, whoever
            catches the error.
    """

    def __init__(
        self,
        original: BaseException,
        actor_hex: str,
        *,
        from_user_code: bool,
        reset: bool = False,
        is_fetch: bool = False,
        by_reference: bool = False,
    ) -> None:
        super().__init__(str(original))
        self.original = original
        self.actor_hex = actor_hex
        self.from_user_code = from_user_code
        self.reset = reset
        # Of a request all that ends it came from afar, and which object it was is not told (spec 9.5, 10.5).
        is_thrown = from_user_code and not reset
        self.is_remote = is_thrown or is_fetch or by_reference
        self.names_object = (is_thrown or (by_reference and not reset)) and not is_fetch
        self.by_reference = by_reference
