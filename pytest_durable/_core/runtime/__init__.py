"""One life of the process, and the description of what it runs."""

from pytest_durable._core.runtime.app import DEFAULT_COMPATIBILITY_DATE, App, PlatformOptions
from pytest_durable._core.runtime.namespace import ActorNamespace, NamespaceBinding, ObjectClient
from pytest_durable._core.runtime.runtime import ORDINARY_PLACE, Machine, Place, Runtime
from pytest_durable._core.runtime.worker import EntrypointClient, ServiceBinding, ServiceTarget, Worker, WorkerPlan

__all__ = [
    "DEFAULT_COMPATIBILITY_DATE",
    "ORDINARY_PLACE",
    "ActorNamespace",
    "App",
    "EntrypointClient",
    "Machine",
    "NamespaceBinding",
    "ObjectClient",
    "Place",
    "PlatformOptions",
    "Runtime",
    "ServiceBinding",
    "ServiceTarget",
    "Worker",
    "WorkerPlan",
]
