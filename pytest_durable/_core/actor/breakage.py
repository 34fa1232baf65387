"""Why an object broke, and what its callers are told."""

from dataclasses import dataclass, field

from pytest_durable._core.messages import ObjectKey
from pytest_durable._core.platform_errors import PlatformError, RemoteFailure


class Repeated:
    """One exception that is raised again and again: each time with the traceback it had at first.

    Each time it is raised, the frames that it passes are added to its traceback.
    """

    __slots__ = ("_failure", "_traceback")

    def __init__(self, failure: BaseException) -> None:
        self._failure = failure
        self._traceback = failure.__traceback__

    def again(self) -> BaseException:
        """The exception, ready to be raised."""
        return self._failure.with_traceback(self._traceback)


@dataclass(frozen=True, slots=True)
class Breakage:
    """Why an object broke.

    Attributes:
        original: What every caller is told.
        from_user_code: User code raised it.
        counts: An alarm run that it ended counts as a failed try.
        retry_alarm: An alarm run that it ended is to be retried.
    """

    original: BaseException
    from_user_code: bool = False
    counts: bool = True
    retry_alarm: bool = True
    _repeated: Repeated = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_repeated", Repeated(self.original))

    def failure(self, key: ObjectKey, *, is_fetch: bool = False, by_reference: bool = False) -> RemoteFailure:
        """A fresh exception for one more caller."""
        original = self.original.copy() if isinstance(self.original, PlatformError) else self._repeated.again()
        return RemoteFailure(
            original,
            key.hex,
            from_user_code=self.from_user_code,
            reset=self.from_user_code,
            is_fetch=is_fetch,
            by_reference=by_reference,
        )
