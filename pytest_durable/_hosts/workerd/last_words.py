"""What is said of a process that has ended by itself, or has to be ended."""

from collections.abc import Sequence

from pytest_durable._core.errors import WorkerdBusyError, WorkerdDiedError
from pytest_durable._hosts.workerd.output import Output


def died(end: str, output: Output) -> WorkerdDiedError:
    """The error for a process that has ended by itself.

    Args:
        end: How.
        output: What it printed.
    """
    return WorkerdDiedError(f"workerd has ended by itself: {end}.\n\n{output.told()}")


def never_rests(seconds: float, calls: Sequence[str], requests: int, output: Output) -> WorkerdBusyError:
    """The error for a process that does not come to rest.

    Args:
        seconds: How long it had, in real time.
        calls: The requests in flight, one line each, as far as they are known.
        requests: How many there are.
        output: What it printed.
    """
    parts = (
        f"workerd has not come to rest within {seconds:g} s of real time.",
        "\n".join(f"  {line}" for line in calls) or f"{requests} requests are in flight.",
        "Look for code that never waits, such as an endless loop, or that waits for a server on the network.",
        output.told(),
    )
    return WorkerdBusyError("\n\n".join(parts))
