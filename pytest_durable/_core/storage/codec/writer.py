"""The state of one pass over a value, and the few steps that all writing is made of."""

from collections.abc import Callable, Mapping
from typing import Any

from pytest_durable._core.storage.codec import tags
from pytest_durable._core.storage.codec.wire import HEADER


class NotCloneable(Exception):
    """The value, or something inside it, cannot be stored.

    Attributes:
        message: The platform's wording, ``⟨source⟩ could not be cloned.``
        path: Where the offending element is, such as ``["a"][0]``; empty if it is the value itself.
        culprit: The offending element.
    """

    def __init__(self, message: str, culprit: object, path: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.culprit = culprit
        self.path = path

    @classmethod
    def of(cls, culprit: object) -> "NotCloneable":
        """Name the culprit the way the platform does: functions and classes by themselves, other objects by class.

        A class of a surface may have words of its own for its objects, as ``clone_refusal``.
        """
        refusal = getattr(type(culprit), "clone_refusal", None)
        if isinstance(refusal, str):
            return cls(refusal, culprit)
        source = getattr(culprit, "__qualname__", None) or f"#<{type(culprit).__name__}>"
        return cls(f"{source} could not be cloned.", culprit)


class Writer:
    """One pass over one value.

    Attributes:
        out: The bytes so far.
        by_type: A function for each type, extended by subclasses as they are met. It is handed in, because those for
            containers need all others.
        numbers: Identity of each object written so far to its number. The value keeps them all alive during the pass,
        so
            no identity is used twice. Objects that nothing can refer to take a number under a negative key of their
            own.
    """

    __slots__ = ("by_type", "numbers", "out")

    def __init__(self, by_type: "Mapping[type, WriteFunction]") -> None:
        self.out = bytearray(HEADER)
        self.by_type = by_type
        self.numbers: dict[int, int] = {}

    def write(self, value: object) -> None:
        """Write one value of any type."""
        (self.by_type.get(value.__class__) or self.of_base(value))(self, value)

    def of_base(self, value: object) -> "WriteFunction":
        """Return the function for the nearest base of a type that has none itself."""
        for base in type(value).__mro__:
            if base in self.by_type:
                return self.by_type[base]
        raise NotCloneable.of(value)

    def varint(self, number: int) -> None:
        """Write an unsigned integer."""
        while number > 0x7F:
            self.out.append(number & 0x7F | 0x80)
            number >>= 7
        self.out.append(number)

    def is_known(self, value: object) -> bool:
        """Write a reference if the object was written before; otherwise give it its number."""
        numbers = self.numbers
        next_number = len(numbers)
        number = numbers.setdefault(id(value), next_number)
        if number == next_number:
            return False
        self.out.append(tags.REFERENCE)
        self.varint(number)
        return True

    def take_number(self) -> None:
        """Use up a number for an object that nothing can refer to."""
        next_number = len(self.numbers)
        self.numbers[-1 - next_number] = next_number


WriteFunction = Callable[[Writer, Any], None]
