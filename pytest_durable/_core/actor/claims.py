"""Which exceptions are claims of the test rather than failures of the code under test."""

import asyncio
from typing import Final

_NOT_CLAIMS: Final = (SystemExit, KeyboardInterrupt, GeneratorExit, asyncio.CancelledError)


def is_claim(failure: BaseException) -> bool:
    """Whether ``failure`` must fail the test instead of being handled (and retried) as the platform would.

    An ``AssertionError`` is one, and so is what test frameworks raise to fail or skip a test: they derive it from
    ``BaseException`` so that no handler of the code under test catches it by accident. A group that holds one is one.
    """
    if isinstance(failure, BaseExceptionGroup):  # of a TaskGroup, for example
        return any(is_claim(each) for each in failure.exceptions)
    if isinstance(failure, Exception):
        return isinstance(failure, AssertionError)
    return not isinstance(failure, _NOT_CLAIMS) and not getattr(failure, "_durable_platform", False)
