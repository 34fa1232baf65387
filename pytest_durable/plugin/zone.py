"""The time zone of the process during a durable test: UTC, as on the platform (decisions 2.4)."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def utc() -> Iterator[None]:
    """Make UTC the zone of the process for a while. Where ``tzset`` is missing, only ``TZ`` is set."""
    before = os.environ.get("TZ")
    if before == "UTC":
        yield
        return
    _set_zone("UTC")
    try:
        yield
    finally:
        _set_zone(before)


def _set_zone(name: str | None) -> None:
    if name is None:
        os.environ.pop("TZ", None)
    else:
        os.environ["TZ"] = name
    if hasattr(time, "tzset"):
        time.tzset()
