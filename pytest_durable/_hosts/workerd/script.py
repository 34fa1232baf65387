"""What is deployed on the real platform: a JavaScript Worker, described by an ``App``."""

import json
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pytest_durable._core.errors import ConfigurationError
from pytest_durable._core.isolate import ClassObject, ClassPath, MainClass, Target
from pytest_durable._core.runtime import DEFAULT_COMPATIBILITY_DATE, App
from pytest_durable._hosts.deployment import DeclaredClass, Deployment, split_bindings
from pytest_durable._hosts.workerd.config import ClassBinding, DurableClass, WorkerConfig
from pytest_durable._hosts.workerd.modules import collect_modules
from pytest_durable._hosts.workerd.roster import Opened
from pytest_durable._hosts.wrangler import WranglerConfig, read_wrangler

_NOT_EXPORTED: Final = re.compile(r'referenced the class "(\w+)", but no such Durable Object class is exported')


@dataclass(frozen=True, kw_only=True)
class ScriptDeployment(Deployment):
    """A JavaScript Worker, checked.

    Attributes:
        root: What paths count from.
        main: Its main module; None: nothing has named one yet.
        compatibility_date, compatibility_flags: Of the Worker.
    """

    root: Path
    main: Path | None
    compatibility_date: str
    compatibility_flags: tuple[str, ...]


def deploy_script(app: App, root: Path) -> ScriptDeployment:
    """Check an application for the real platform.

    Args:
        app: The application; its classes are named ``"file.js:Class"``.
        root: What its paths count from.

    Raises:
        ConfigurationError: It names Python classes, several main modules, or a configuration that cannot be read.
    """
    if app.workers:
        raise ConfigurationError(
            "Several Workers cannot run on the real platform here: App(workers=…) is for Python in this process.\n\n"
            "Leave workers= out for this host; see docs/how-to/real-platform.md"
        )
    config = _read_config(app, root)
    main = _main_module(app, root, config)
    declared, values = split_bindings(app)
    for each in declared:
        main = check_script_class(each.target, root, main)
    if config is not None:
        declared = [*_configured(config, main, root), *declared]
        values = {**config.variables, **values}
    for name, value in values.items():
        _check_value(name, value)
    return ScriptDeployment(
        app=app,
        namespaces=tuple(declared),
        values=values,
        root=root,
        main=main,
        compatibility_date=_date(app, config),
        compatibility_flags=_flags(app, config),
    )


def check_script_class(target: Target, root: Path, main: Path | None) -> Path:
    """Make sure that the main module exports a class, as far as its name tells; the main module.

    Raises:
        ConfigurationError: It is a Python class, or one of another module.
    """
    if isinstance(target, ClassObject):
        raise ConfigurationError(
            f"{target.class_name} is a Python class, and the real platform runs JavaScript.\n\n"
            '  expected  the path of a class, such as "worker.js:Counter", or the name of a binding\n'
            f"  actual    {target.cls!r}\n\n"
            "Let durable_app return another App for this host; see docs/how-to/real-platform.md"
        )
    module = _file_of(target, root)
    if main is not None and module.resolve() != main.resolve():
        raise ConfigurationError(
            f"The class {target.class_name} is looked for in another module than the main one.\n\n"
            f"  main module  {main}\n"
            f"  asked for    {module}\n\n"
            "The platform finds classes among the exports of the main module: export it there, too."
        )
    return module


def check_exports(printed: str, main: Path | None) -> None:
    """Make sure that the platform has found all classes in the main module.

    It begins without them, too, and calls fail with an internal error then.

    Args:
        printed: What it has said while it started.
        main: The main module.

    Raises:
        ConfigurationError: It has missed one.

    Source: the warning of workerd, server/server.c++.
    """
    missed = _NOT_EXPORTED.search(printed)
    if missed is not None:
        raise ConfigurationError(
            f"The main module exports no class of objects {missed[1]}.\n\n"
            f"  main module  {main}\n"
            f"  expected     export class {missed[1]} extends DurableObject {{ … }}\n\n"
            "Export it there, or correct the name in the test or in the configuration."
        )


def _read_config(app: App, root: Path) -> WranglerConfig | None:
    if app.config is not None:
        return read_wrangler(root / app.config, app.environment)
    if app.environment is not None:
        raise ConfigurationError(
            f"There is no configuration that could have an environment {app.environment!r}.\n\n"
            f'Name it:  App(config="wrangler.jsonc", environment={app.environment!r})'
        )
    return None


def _file_of(target: ClassPath | MainClass, root: Path) -> Path:
    return root / target.module


def _configured(config: WranglerConfig, main: Path | None, root: Path) -> list[DeclaredClass]:
    if config.classes and main is None:
        raise ConfigurationError(
            f"The configuration {config.path} has no main module, where the platform looks for its classes.\n\n"
            'Name it there:  "main": "src/index.js"\n'
            'or in the test: App(config=…, main="src/index.js")'
        )
    module = "" if main is None else os.path.relpath(main, root)
    _check_bindings(config)
    return [
        DeclaredClass(target=ClassPath(module, each.class_name), binding=each.binding, unique_key=each.unique_key)
        for each in config.classes
    ]


def _check_bindings(config: WranglerConfig) -> None:
    bound: dict[str, str] = {}
    for each in config.classes:
        if each.worker is not None:
            raise ConfigurationError(
                f"The binding {each.binding} in {config.path} leads to a class of another Worker, {each.worker}.\n\n"
                "One Worker runs at a time. Test the object with the configuration of its own Worker."
            )
        if each.class_name in bound:
            raise ConfigurationError(
                f"The class {each.class_name} has two bindings in {config.path}: {bound[each.class_name]} and "
                f"{each.binding}.\n\n"
                "A test knows a class by one binding. Remove the other, or test with a configuration of its own."
            )
        bound[each.class_name] = each.binding


def _main_module(app: App, root: Path, config: WranglerConfig | None) -> Path | None:
    if app.main is not None:
        return root / app.main
    return None if config is None else config.main


def _check_value(name: str, value: object) -> None:
    """The Worker is in another process, so ``env`` can show it copies only, in the form of JSON."""
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError) as failure:
        raise ConfigurationError(
            f"env.{name} cannot be shown to a Worker on the real platform: its value is none of JSON's.\n\n"
            "  expected  a str, int, float, bool, None, or lists and dicts of those\n"
            f"  actual    {value!r}\n\n"
            "Let durable_app return another App for this host; see docs/how-to/real-platform.md"
        ) from failure


def _date(app: App, config: WranglerConfig | None) -> str:
    told = None if config is None else config.compatibility_date
    return app.compatibility_date or told or DEFAULT_COMPATIBILITY_DATE


def _flags(app: App, config: WranglerConfig | None) -> tuple[str, ...]:
    if app.compatibility_flags is not None:
        return app.compatibility_flags
    return () if config is None else config.compatibility_flags


def make_config(
    deployment: ScriptDeployment, main: Path | None, roster: Iterable[Opened], disk: Path | None
) -> WorkerConfig:
    """What a process is to run.

    Args:
        deployment: The application.
        main: Its main module, which a class of the test may have named.
        roster: The namespaces.
        disk: Where they are kept.

    Raises:
        ConfigurationError: Nothing names the main module.
    """
    if main is None:
        raise ConfigurationError(
            "The real platform has no Worker to run: nothing names its main module.\n\n"
            'Name it:  durable.namespace("worker.js:Counter")  or  App(main="worker.js", …)'
        )
    opened, options = tuple(roster), deployment.app.options
    classes = [
        DurableClass(
            class_name=each.class_name,
            unique_key=each.files.unique_key,
            sql=options.sql,
            prevent_eviction=each.class_name in options.prevent_eviction,
        )
        for each in opened
    ]
    return WorkerConfig(
        modules=collect_modules(main, deployment.root),
        classes=tuple(classes),
        bindings=tuple(ClassBinding(name=each.binding, class_name=each.class_name) for each in opened),
        variables=deployment.values,
        compatibility_date=deployment.compatibility_date,
        compatibility_flags=deployment.compatibility_flags,
        storage=disk,
    )
