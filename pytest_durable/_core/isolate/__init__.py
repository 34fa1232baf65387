"""User modules and what they can see: surfaces, the loader, isolates."""

from pytest_durable._core.isolate.isolate import ClassObject, ClassPath, Isolate, Target
from pytest_durable._core.isolate.loader import InstalledModules, ModuleSet, below
from pytest_durable._core.isolate.surface import Rules, Surface

__all__ = [
    "ClassObject",
    "ClassPath",
    "InstalledModules",
    "Isolate",
    "ModuleSet",
    "Rules",
    "Surface",
    "Target",
    "below",
]
