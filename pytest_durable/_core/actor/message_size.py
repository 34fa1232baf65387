"""The limit of what one call may carry: its arguments on the way there, its result on the way back.

Source: workerd api/worker-rpc.c++ (MAX_JS_RPC_MESSAGE_SIZE); spec durable-objects 10.2.3; asked of the binary.
"""

from typing import Final

from pytest_durable._core.platform_errors import PlatformError, error
from pytest_durable._core.storage import encoded_size, may_exceed
from pytest_durable._core.storage.values import Undefined

#: The platform's words, whatever the limit is here.
_TOO_LARGE: Final = (
    "Serialized RPC arguments or return values are limited to 32MiB, but the size of this value was: {size} bytes."
)


#: Nothing to measure: most calls carry nothing else, and must not pay for the few that do.
_PRIMITIVE: Final = frozenset({type(None), bool, int, float, Undefined})


def refusal_of_arguments(args: tuple[object, ...], bytes_max: int) -> PlatformError | None:
    """Why these arguments cannot be sent; they travel as one list."""
    return _refusal(list(args), bytes_max) if may_exceed(args, bytes_max) else None


def require_sendable_result(result: object, bytes_max: int) -> object:
    """Return the result.

    Raises:
        PlatformError: It is too large to be sent.
    """
    if type(result) not in _PRIMITIVE and may_exceed((result,), bytes_max):
        refusal = _refusal(result, bytes_max)
        if refusal is not None:
            raise refusal
    return result


def _refusal(value: object, bytes_max: int) -> PlatformError | None:
    size = encoded_size(value)
    return error(_TOO_LARGE.format(size=size)) if size > bytes_max else None
