"""One life of the process, and the description of what it runs."""

from .app import DEFAULT_COMPATIBILITY_DATE, App, PlatformOptions
from .namespace import ActorNamespace, NamespaceBinding, ObjectClient
from .runtime import Machine, Runtime

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
