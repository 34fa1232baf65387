"""What the Workers of a life are, and where the namespaces of their classes belong. Values only."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from pytest_durable._core.cron import Cron
from pytest_durable._core.isolate import ModuleSet, Surface, WorkerCode
from pytest_durable._core.runtime.app import App


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a namespace belongs.

    Attributes:
        worker: The name of the Worker that has the class; None: the one that is tested, which has it in ``env`` too.
        sql: ``storage.sql`` is available; None: as the options of the application say.
    """

    worker: str | None = None
    sql: bool | None = None


ORDINARY_PLACE: Final = Place()


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceTarget:
    """Where a service binding leads.

    Attributes:
        worker: The name of the Worker.
        entrypoint: Which of its entrypoints; empty: the default one.
    """

    worker: str
    entrypoint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerPlan:
    """What one Worker of a life is.

    Attributes:
        name: How others call it.
        app: Its dates, flags and knobs.
        surface: What its code sees.
        make_modules: Makes the set of its modules for an isolate; is told whether that is the first of the host.
        main: The name of its main module; None: it has none, and answers no events.
        code: How the main module is read.
        values: What ``env`` shows besides objects and services.
        services: Its service bindings.
        objects: Bindings of classes that another binding, or another Worker, has declared; to the unique keys that
            their namespaces may have.
        crons: Its schedule.
    """

    name: str
    app: App
    surface: Surface
    make_modules: Callable[[bool], ModuleSet]
    main: str | None = None
    code: WorkerCode | None = None
    values: Mapping[str, object] = field(default_factory=dict)
    services: Mapping[str, ServiceTarget] = field(default_factory=dict)
    objects: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    crons: tuple[Cron, ...] = ()
