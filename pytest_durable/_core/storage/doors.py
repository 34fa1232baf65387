"""Whether storage may be used at all; one object shared by everything that a life opens."""

from pytest_durable._core.errors import LifeEnded, StorageClosedError


class Doors:
    """Open while a life runs; then shut for good.

    After a crash the frames that are still on the stack unwind through user code, whose ``finally`` blocks may call
    storage: each such call must raise ``LifeEnded`` and touch nothing.
    """

    __slots__ = ("refusal",)

    def __init__(self) -> None:
        #: What each use of storage raises, None while it may be used.
        self.refusal: type[LifeEnded] | type[StorageClosedError] | None = None

    def check(self) -> None:
        """Raise if storage may no longer be used."""
        if self.refusal is not None:
            raise self.refusal("Storage was used after the end of its life.")

    def end_life(self) -> None:
        """The world ended here: unwind whoever comes."""
        self.refusal = LifeEnded

    def close(self) -> None:
        """The life ended in order; a use from now on is a mistake."""
        if self.refusal is None:
            self.refusal = StorageClosedError
