"""Warnings about code that works here and would surprise in production; each has a stable code (spec PW section 9)."""

from pytest_durable._core.errors import ConfigurationError


class PlatformWarning(UserWarning):
    """Code under test does something that production treats differently.

    Attributes:
        code: Stable, for example ``PD-W05``; can be filtered on.
        text: What and why.
    """

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text


class WarningLog:
    """The warnings of one host, in order, each code and text once."""

    def __init__(self) -> None:
        self._warnings: list[PlatformWarning] = []
        self._claimed: list[PlatformWarning] = []

    def report(self, code: str, text: str) -> None:
        """Note a warning."""
        if not any(known.code == code and known.text == text for known in (*self._warnings, *self._claimed)):
            self._warnings.append(PlatformWarning(code, text))

    def all(self) -> tuple[PlatformWarning, ...]:
        """Those so far, claimed ones included."""
        return (*self._claimed, *self._warnings)

    def claim(self, code: str) -> PlatformWarning:
        """Take one out of those that will be issued.

        Raises:
            AssertionError: There is none of that code.
        """
        for warning in self._warnings:
            if warning.code == code:
                self._warnings.remove(warning)
                self._claimed.append(warning)
                return warning
        seen = ", ".join(warning.code for warning in self._warnings) or "none"
        raise AssertionError(f"There was no platform warning {code}.\n\n  expected  {code}\n  actual    {seen}")

    def take_unclaimed(self) -> tuple[PlatformWarning, ...]:
        """Those nobody expected; they are issued once."""
        unclaimed, self._warnings = tuple(self._warnings), []
        return unclaimed


def require_known_code(code: str) -> str:
    """``code`` if it has the form of one.

    Raises:
        ConfigurationError: It has not.
    """
    given: object = code
    if not (isinstance(given, str) and given.startswith("PD-W") and given[4:].isdigit()):
        raise ConfigurationError(f"{code!r} is no code of a platform warning.\n\n  expected  for example 'PD-W05'")
    return code
