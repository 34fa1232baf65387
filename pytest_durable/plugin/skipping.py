"""What the real platform cannot do, or cannot be asked because it is not here, is the reason of a skip."""

import os
from typing import Any, Final

import pytest

from pytest_durable.plugin.keys import BENCH

_REAL: Final = "workerd"
#: Set where the real platform must not be missing, as in CI: then its absence fails the tests that want it.
REQUIRED: Final = "DURABLE_REQUIRE_WORKERD"


def skip_what_the_host_cannot_do(item: pytest.Item, call: "pytest.CallInfo[Any]") -> None:
    """Turn such an error of a test on the real platform into a skip, at the test's own line."""
    bench = item.stash.get(BENCH, None)
    if call.excinfo is None or bench is None or _REAL not in bench.backends:
        return
    from pytest_durable._core.errors import UnsupportedOnHostError, WorkerdUnavailableError

    failure = call.excinfo.value
    if isinstance(failure, WorkerdUnavailableError) and os.environ.get(REQUIRED):
        said: BaseException = pytest.fail.Exception(str(failure), pytrace=False)
    elif isinstance(failure, WorkerdUnavailableError | UnsupportedOnHostError):
        said = pytest.skip.Exception(str(failure), _use_item_location=True)
    else:
        return
    call.excinfo = pytest.ExceptionInfo.from_exc_info((type(said), said, call.excinfo.tb))
