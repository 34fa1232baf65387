"""Failures of the disk that a test asks for, in the terms of a test: which object, which step, and whether it came.

The disk of a namespace keeps them until they strike (``_core/storage/faults.py``), through all lives of the process.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final, get_args

from pytest_durable._core.storage import Step, Trouble
from pytest_durable._hosts.arguments import require
from pytest_durable._hosts.namespace import Namespace, check_own_namespace
from pytest_durable._hosts.stub import Stub, check_own_stub

_PAGE: Final = "See docs/how-to/disk-faults.md"
_ARMED: Final[Mapping[Step, str]] = MappingProxyType(
    {
        "commit": "the next commit fails",
        "read": "the next read from storage fails",
        "alarm_row": "the next change of a row of metadata.sqlite fails",
    }
)


def arm(host: object, target: Stub | Namespace, step: Step | None, error: Trouble) -> None:
    """Let the next ``step`` of an object, or of any object of a namespace, fail; None takes back what is armed there.

    Raises:
        ConfigurationError: The object is not of this host, or there is no such step or error.
    """
    namespace, actor_hex, label = _whose(host, target)
    require(
        step is None or step in get_args(Step),
        f"{step!r} is no step that can fail.",
        expected=f"one of {', '.join(map(repr, get_args(Step)))}, or None to take back what was armed",
        actual=step,
        advice=_PAGE,
    )
    require(
        error in get_args(Trouble),
        f"{error!r} is no way in which a disk fails.",
        expected=f"one of {', '.join(map(repr, get_args(Trouble)))}",
        actual=error,
        advice=_PAGE,
    )
    if step is None:
        namespace.storage_files.forget_faults(actor_hex=actor_hex)
    else:
        namespace.storage_files.fail_next(step, error, actor_hex=actor_hex, label=label)


def _whose(host: object, target: Any) -> tuple[Namespace, str | None, str]:
    if isinstance(target, Namespace):
        check_own_namespace(target, host)
        return target, None, target.binding
    require(
        isinstance(target, Stub),
        f"{target!r} is neither a stub nor a namespace.",
        expected="a stub, for one object, or a namespace, for any of its objects",
        actual=target,
        advice="Take one of this host:  durable.namespace(…).get_by_name(…) or durable.namespace(…)",
    )
    check_own_stub(target, host)
    namespace: Namespace = target._durable_namespace
    return namespace, target.id.hex, target._durable_key.label(namespace.binding)


def claim_that_all_struck(namespaces: Iterable[Namespace]) -> None:
    """A test that armed a fault claims that it comes: one that never came has tested nothing.

    Raises:
        AssertionError: One has not come. It is forgotten.
    """
    __tracebackhide__ = True
    for namespace in namespaces:
        for fault in namespace.storage_files.forget_faults():
            raise AssertionError(
                f"fail_next({fault.label}, {fault.step!r}, error={fault.trouble!r}) never came.\n\n"
                f"  armed   {_ARMED[fault.step]}\n"
                "  actual  nothing of the kind since\n\n"
                "Take it back where the test is done with it:  durable.fail_next(…, None)"
            )
