"""What the real platform cannot do, or cannot be asked because it is not here, is the reason of a skip."""

from typing import Any

import pytest

from pytest_durable.plugin.keys import BENCH

_REAL = "workerd"


def skip_what_the_host_cannot_do(item: pytest.Item, call: "pytest.CallInfo[Any]") -> None:
    """Turn such an error of a test on the real platform into a skip, at the test's own line."""
    bench = item.stash.get(BENCH, None)
    if call.excinfo is None or bench is None or _REAL not in bench.backends:
        return
    from pytest_durable._core.errors import UnsupportedOnHostError
    from pytest_durable._hosts.workerd.errors import WorkerdUnavailableError

    failure = call.excinfo.value
    if isinstance(failure, UnsupportedOnHostError | WorkerdUnavailableError):
        skip = pytest.skip.Exception(str(failure), _use_item_location=True)
        call.excinfo = pytest.ExceptionInfo.from_exc_info((type(skip), skip, call.excinfo.tb))
