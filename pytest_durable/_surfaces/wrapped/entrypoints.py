"""Base classes of user code.

Wrapping of ``ctx`` and ``env`` is installed on each subclass that defines an ``__init__`` of its own, and is
idempotent; so a class that is not a ``DurableObject`` and comes first in the MRO receives them raw, as in production
(spec 1.9 to 1.11).

Source: workers-runtime-sdk workers/entrypoints.py.
"""

import functools
from collections.abc import Callable
from typing import Any

from pytest_durable._surfaces.wrapped.context import DurableObjectContext
from pytest_durable._surfaces.wrapped.stubs import _EnvWrapper


def _wrap_init(cls: type) -> None:
    original: Callable[..., None] | None = cls.__dict__.get("__init__")
    if original is None:
        return

    @functools.wraps(original)
    def wrapped(self: object, *args: Any, **kwargs: Any) -> None:
        ctx = [DurableObjectContext(args[0]) if isinstance(self, DurableObject) else args[0]] if args else []
        env = [_EnvWrapper(args[1])] if len(args) > 1 else []
        original(self, *ctx, *env, *args[2:], **kwargs)

    cls.__init__ = wrapped  # type: ignore[misc]


class DurableObject:
    """Base class of objects: sets ``self.ctx`` and ``self.env``.

    Args:
        ctx: The object's state.
        env: The bindings.
    """

    ctx: DurableObjectContext
    env: _EnvWrapper

    def __init__(self, ctx: Any, env: Any) -> None:
        self.ctx = ctx
        self.env = env

    def __init_subclass__(cls, **kwargs: Any) -> None:
        _wrap_init(cls)


_wrap_init(DurableObject)


class WorkerEntrypoint:
    """Base class of a Worker's handlers: sets ``self.ctx`` and ``self.env``.

    Args:
        ctx: The execution context, unwrapped.
        env: The bindings.
    """

    ctx: Any
    env: _EnvWrapper

    def __init__(self, ctx: Any, env: Any) -> None:
        self.ctx = ctx
        self.env = env

    def __init_subclass__(cls, **kwargs: Any) -> None:
        _wrap_init(cls)


_wrap_init(WorkerEntrypoint)
