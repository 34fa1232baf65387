"""What is deployed on a host: the application, and what it means here. Replaced as a whole by ``restart(app=…)``."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

from pytest_durable._core.errors import ConfigurationError
from pytest_durable._core.isolate import InstalledModules, ModuleSet, Target, below
from pytest_durable._core.runtime import App
from pytest_durable._hosts.arguments import check_object_class, is_class_binding, resolve_target, upper_snake
from pytest_durable._hosts.defaults import unread
from pytest_durable._hosts.edges import Edge, make_edge

#: Makes the set of application modules for an isolate; is told whether that is the host's first.
MakeModules = Callable[[bool], ModuleSet]
#: Takes the code and text of a platform warning.
Report = Callable[[str, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredClass:
    """A class of objects that an application declares.

    Attributes:
        target: The class.
        binding: Its name in ``env``.
        unique_key: What keys the ids and names the directory; None: the class name.
    """

    target: Target
    binding: str
    unique_key: str | None = None

    @property
    def key(self) -> str:
        """The unique key."""
        return self.target.class_name if self.unique_key is None else self.unique_key


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """An application, checked.

    Attributes:
        app: As it was handed over.
        namespaces: The classes of objects that it declares.
        values: What ``env`` shows besides: its bindings that are no classes, and its variables.
    """

    app: App
    namespaces: tuple[DeclaredClass, ...]
    values: Mapping[str, object]

    def owner_of(self, binding: str) -> str | None:
        """Which value of the application has the name already, in words; None: nothing, or one of its classes."""
        if binding not in self.values:
            return None
        is_bound = binding in self.app.bindings and not is_class_binding(self.app.bindings[binding])
        return "a binding of the application" if is_bound else "a variable of the application"


@dataclass(frozen=True, kw_only=True)
class PythonDeployment(Deployment):
    """An application whose objects are Python classes.

    Attributes:
        edge: Its surface, as the test's stubs use it.
    """

    edge: Edge


def split_bindings(app: App) -> tuple[list[DeclaredClass], dict[str, object]]:
    """The classes of objects that an application declares, and what its ``env`` shows besides."""
    targets = [resolve_target(each) for each in app.classes]
    declared = [DeclaredClass(target=target, binding=upper_snake(target.class_name)) for target in targets]
    values = dict(app.vars)
    for name, value in app.bindings.items():
        if is_class_binding(value):
            declared.append(DeclaredClass(target=resolve_target(value), binding=name))
        else:
            values[name] = value
    return declared, values


def deploy(app: App, report: Report) -> PythonDeployment:
    """Check an application whose objects are Python classes.

    Raises:
        ConfigurationError: It cannot run here, or declares what is no class of objects.
    """
    for name in ("config", "main", "environment"):
        if (value := getattr(app, name)) is not None:
            raise ConfigurationError(unread(f"{name}={value!r}"))
    edge = make_edge(app, report)
    declared, values = split_bindings(app)
    for each in declared:
        check_object_class(each.target, edge.surface)
    return PythonDeployment(app=app, edge=edge, namespaces=tuple(declared), values=values)


def redeploy(app: App, before: PythonDeployment, report: Report) -> PythonDeployment:
    """Check the code that takes the place of another.

    Raises:
        ConfigurationError: ``deploy`` refuses it.
    """
    if app.surface == "auto":  # the project's SDK is the same as before
        app = replace(app, surface=before.edge.name)
    return deploy(app, report)


def make_loader(
    installed: InstalledModules, root: Path | None, is_test_module: Callable[[ModuleType], bool] | None
) -> MakeModules:
    """What loads the modules of an application.

    Args:
        installed: Whose modules ``sys.modules`` shows.
        root: Where they are looked up; the current directory by default.
        is_test_module: Tells the test's own modules, which are never executed again.
    """
    path = (root or Path.cwd()).resolve()
    belongs = below(path, is_test_module or _is_none)

    def load(is_first: bool) -> ModuleSet:
        return ModuleSet(installed, belongs, path=path, adopt=is_first)

    return load


def _is_none(_module: ModuleType) -> bool:
    """There are no modules of a test."""
    return False
