"""User modules and what they can see: surfaces, the loader, isolates."""

from pytest_durable._core.isolate.global_scope import GLOBAL_SCOPE, global_bindings, require_event
from pytest_durable._core.isolate.isolate import ClassObject, ClassPath, Isolate, MainClass, Target
from pytest_durable._core.isolate.loader import InstalledModules, ModuleSet, below
from pytest_durable._core.isolate.surface import Rules, Surface, WorkerCode

__all__ = [
    "GLOBAL_SCOPE",
    "ClassObject",
    "ClassPath",
    "InstalledModules",
    "Isolate",
    "MainClass",
    "ModuleSet",
    "Rules",
    "Surface",
    "Target",
    "WorkerCode",
    "below",
    "global_bindings",
    "require_event",
]
