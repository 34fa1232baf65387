"""Why an object broke, and what its callers are told."""

from dataclasses import dataclass

from pytest_durable._core.messages import ObjectKey
from pytest_durable._core.platform_errors import PlatformError, RemoteFailure


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

    def failure(self, key: ObjectKey, *, is_fetch_in_flight: bool = False) -> RemoteFailure:
        """A fresh exception for one more caller."""
        original = self.original.copy() if isinstance(self.original, PlatformError) else self.original
        return RemoteFailure(
            original,
            key.hex,
            from_user_code=self.from_user_code,
            reset=self.from_user_code,
            is_fetch_in_flight=is_fetch_in_flight,
        )
