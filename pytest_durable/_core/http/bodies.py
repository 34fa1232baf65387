"""What a request or response carries: nothing, bytes, or bytes that come one piece after the other."""

from abc import ABC, abstractmethod


class BodyStream(ABC):
    """Bytes that come one piece after the other, to be read once."""

    __slots__ = ()

    @abstractmethod
    async def read(self) -> bytes | None:
        """The next piece, None at the end.

        Raises:
            Exception: What ended the stream before its end.
        """

    @abstractmethod
    def cancel(self) -> None:
        """Nobody wants the rest. A second time does nothing."""

    async def read_all(self) -> bytes:
        """All that is left."""
        pieces = []
        while (piece := await self.read()) is not None:
            pieces.append(piece)
        return b"".join(pieces)


Body = bytes | BodyStream | None
