"""One life of the process, and the description of what it runs."""

from pytest_durable._core.runtime.app import DEFAULT_COMPATIBILITY_DATE, App, PlatformOptions
from pytest_durable._core.runtime.binding import NamespaceBinding, ObjectClient
from pytest_durable._core.runtime.machine import Machine
from pytest_durable._core.runtime.namespace import ActorNamespace
from pytest_durable._core.runtime.runtime import Runtime

__all__ = [
    "DEFAULT_COMPATIBILITY_DATE",
    "ActorNamespace",
    "App",
    "Machine",
    "NamespaceBinding",
    "ObjectClient",
    "PlatformOptions",
    "Runtime",
]
