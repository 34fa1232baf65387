"""User modules and what they can see: surfaces, the loader, isolates."""

from .isolate import ClassObject, ClassPath, Isolate, Target
from .loader import InstalledModules, ModuleSet, below
from .surface import Rules, Surface

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
