"""Where the test's Python meets the application's surface: conversions and errors of the test's own stubs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pytest_durable._core.actor import ObjectContext
from pytest_durable._core.isolate import Surface
from pytest_durable._core.platform_errors import PlatformError, RemoteFailure
from pytest_durable._core.runtime import App
from pytest_durable._core.storage import DecodedTypes
from pytest_durable._core.storage.values import PLAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One application's surface as the test's stubs use it.

    Attributes:
        surface: What user code sees.
        types: How stored values are decoded for user code.
        to_wire: Converts an argument as production would.
        from_wire: Converts an answer as production would.
        explain: What the test catches for a failed call.
        env: What user code sees as ``env``, given the bindings.
        context: What user code sees as ``ctx``, given the instance and the platform's context.
    """

    surface: Surface
    types: DecodedTypes
    to_wire: Callable[[Any], object]
    from_wire: Callable[[Any], object]
    explain: Callable[[RemoteFailure], BaseException]
    env: Callable[[Mapping[str, object]], object]
    context: Callable[[object, ObjectContext], object]


def make_edge(app: App) -> Edge:
    """The edge of an application."""
    return _neutral_edge(app) if app.surface == "neutral" else _wrapped_edge(app)


def _neutral_edge(app: App) -> Edge:
    from pytest_durable._surfaces import neutral

    enhanced = app.enhanced_errors
    return Edge(
        surface=neutral.NeutralSurface(enhanced_errors=enhanced),
        types=PLAIN,
        to_wire=neutral.copied,
        from_wire=_as_is,
        explain=lambda failure: neutral.explained(failure, enhanced=enhanced),
        env=lambda bindings: neutral.NeutralEnv(bindings, enhanced_errors=enhanced),
        context=lambda instance, context: getattr(instance, "ctx", None) or neutral.NeutralContext(context),
    )


def _wrapped_edge(app: App) -> Edge:
    from pytest_durable._surfaces import wrapped

    surface = wrapped.WrappedSurface(enhanced_errors=app.enhanced_errors, lenient=app.lenient)
    return Edge(
        surface=surface,
        types=surface.types,
        to_wire=wrapped.to_wire,
        from_wire=wrapped.from_wire,
        explain=_original,
        env=surface.env,
        context=surface.context,
    )


def _original(failure: RemoteFailure) -> BaseException:
    original = failure.original
    if isinstance(original, PlatformError) and failure.reset:
        original.durable_object_reset = True
    return original


def _as_is(value: object) -> object:
    return value
