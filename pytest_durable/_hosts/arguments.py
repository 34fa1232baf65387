"""Checks of the arguments that every host takes."""

from pytest_durable._core.errors import ConfigurationError
from pytest_durable._hosts.defaults import STORAGE_MODES, SYNCHRONOUS_MODES


def check_arguments(*, storage: str, synchronous: str, seed: object) -> None:
    """Make sure that a host can be made so.

    Raises:
        ConfigurationError: One of them is none of the values that exist.
    """
    check_storage(storage)
    if synchronous not in SYNCHRONOUS_MODES:
        raise ConfigurationError(f"There is no synchronous={synchronous!r}.\n\n  known  {_listed(SYNCHRONOUS_MODES)}")
    if not isinstance(seed, int):
        raise ConfigurationError(f"A seed is a whole number, not {seed!r}.")


def check_storage(storage: str) -> None:
    """Make sure that a storage mode exists.

    Raises:
        ConfigurationError: It does not.
    """
    if storage not in STORAGE_MODES:
        raise ConfigurationError(f"There is no storage {storage!r}.\n\n  known  {_listed(STORAGE_MODES)}")


def _listed(modes: tuple[str, ...]) -> str:
    return ", ".join(map(repr, modes))
