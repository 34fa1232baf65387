"""One copy of the user's modules and their module-level state, shared by all objects of a life.

A class handed over as an object is used as it is (decisions 6.3); a class named ``"module:Class"`` is looked up in the
modules of the isolate, which are executed anew for each isolate.
"""

from collections.abc import Callable
from contextvars import Context
from dataclasses import dataclass, field
from types import ModuleType

from pytest_durable._core.isolate.global_scope import GLOBAL_SCOPE, GlobalScope
from pytest_durable._core.isolate.loader import ModuleSet, find_class


@dataclass(frozen=True, slots=True)
class ClassObject:
    """A class that the test handed over."""

    cls: type

    @property
    def class_name(self) -> str:
        """The name of the class."""
        return self.cls.__name__


@dataclass(frozen=True, slots=True)
class ClassPath:
    """A class by its module and name."""

    module: str
    class_name: str


@dataclass(frozen=True, slots=True)
class MainClass:
    """A class of a Worker's main module.

    Attributes:
        module: The name of the module.
        class_name: The name of the class.
        find: Looks for a class as the platform does, given the module and the name.
    """

    module: str
    class_name: str
    find: Callable[[ModuleType, str], type] = field(compare=False, repr=False)


Target = ClassObject | ClassPath | MainClass


class Isolate:
    """One copy of module state.

    Args:
        generation: 1 for the first isolate of a host, then counting up.
        make_modules: Makes the isolate's set of modules; called when a class is first asked for by its path.
        check_class: Refuses what is no class of objects. One that was handed over has been checked.
        loaded: Told once, when the first module has been executed.
        global_scope: What code at the top level of a module may look at.
    """

    def __init__(
        self,
        generation: int,
        make_modules: Callable[[], ModuleSet],
        check_class: Callable[[type], None],
        loaded: Callable[[], None],
        global_scope: GlobalScope,
    ) -> None:
        self.generation = generation
        #: Nothing of the test's own context reaches user code.
        self.base_context = Context()
        self._make_modules = make_modules
        self._check_class = check_class
        self._loaded = loaded
        self._global_scope = global_scope
        self._modules: ModuleSet | None = None

    def __repr__(self) -> str:
        return f"<Isolate {self.generation}>"

    def enter(self) -> None:
        """User code of this isolate is about to run."""
        if self._modules is not None:
            self._modules.enter()

    def get_class(self, target: Target) -> type:
        """The user's class.

        Raises:
            ConfigurationError: The module has no such class, or it is no class of objects. Whatever executing the
                module raises comes through; it is executed again when it is asked for again.
        """
        if isinstance(target, ClassObject):
            return target.cls
        module = self.load(target.module)
        if isinstance(target, MainClass):
            return target.find(module, target.class_name)
        cls = find_class(module, target.class_name)
        self._check_class(cls)
        return cls

    def give_up(self) -> None:
        """Nothing is entered any more. What is suspended for ever refers to us, and is not to keep modules."""
        self._modules = None

    def load(self, name: str) -> ModuleType:
        """A module of the application; executed if it has not been. What executing it raises comes through."""
        modules = self._make_modules() if self._modules is None else self._modules
        context = self.base_context.copy()
        context.run(GLOBAL_SCOPE.set, self._global_scope)
        module = context.run(modules.load, name)
        if self._modules is None:
            self._modules = modules
            self._loaded()
        return module
