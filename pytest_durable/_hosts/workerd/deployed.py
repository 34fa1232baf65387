"""What the lives of the real platform on one host run, and how one of them is started."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pytest_durable._core.errors import ConfigurationError
from pytest_durable._core.isolate import Target
from pytest_durable._core.runtime import App
from pytest_durable._hosts.deployment import Deployment
from pytest_durable._hosts.workerd.process import WorkerdProcess
from pytest_durable._hosts.workerd.records import PlatformRecord
from pytest_durable._hosts.workerd.roster import Roster
from pytest_durable._hosts.workerd.script import (
    ScriptDeployment,
    check_exports,
    check_script_class,
    deploy_script,
    make_config,
)
from pytest_durable._hosts.workerd.starting import Launch


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What the real platform is run with.

    Attributes:
        executable: The platform.
        shim: What gives it the clock of the test.
        is_synchronous: Each commit is synced to the disk.
        is_volatile: What is stored goes with the process.
    """

    executable: Path
    shim: Path
    is_synchronous: bool
    is_volatile: bool


class Deployed:
    """The Worker that the next life runs; its main module may be named later, by a class of the test.

    Args:
        deployment: What the first life runs.
        tools: What it is run with.

    Attributes:
        deployment: What the next life runs.
        tools: What it is run with.
    """

    def __init__(self, deployment: ScriptDeployment, tools: Tools) -> None:
        self.deployment = deployment
        self.tools = tools
        self._main = deployment.main

    def __repr__(self) -> str:
        return f"<Deployed {self._main}>"

    def check(self, app: App) -> ScriptDeployment:
        """What it would mean to run an application here."""
        return deploy_script(app, self.deployment.root)

    def check_class(self, target: Target) -> None:
        """Make sure that the main module can export a class."""
        self._main = check_script_class(target, self.deployment.root, self._main)

    def replace(self, deployment: Deployment) -> None:
        """Let the next life run this."""
        assert isinstance(deployment, ScriptDeployment)  # `check` makes no others
        self.deployment = deployment
        self._main = deployment.main or self._main

    def start(
        self,
        roster: Roster,
        disk: Path | None,
        wall_ns: int,
        on_record: Callable[[PlatformRecord], None],
        in_flight: Callable[[], list[str]],
    ) -> WorkerdProcess:
        """Start a process.

        Args:
            roster: Its namespaces.
            disk: Where they are kept.
            wall_ns: The time.
            on_record: Takes what it tells of its events.
            in_flight: Describes the requests that it has not answered.

        Raises:
            ConfigurationError: It misses a class, or there is no main module.
            WorkerdStartError: It did not begin to listen.
        """
        process = WorkerdProcess.start(
            Launch(
                executable=self.tools.executable,
                shim=self.tools.shim,
                config=make_config(self.deployment, self._main, roster, disk),
                wall_ns=wall_ns,
                environ=dict(os.environ),
                synchronous=self.tools.is_synchronous,
                on_record=on_record,
                in_flight=in_flight,
            )
        )
        try:
            check_exports(process.printed, self._main)
        except ConfigurationError:
            process.crash()
            raise
        return process
