"""A machine that runs workerd for a test, and short ways to ask it."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_durable._hosts.workerd import requests
from pytest_durable._hosts.workerd.config import ClassBinding, DurableClass, WorkerConfig
from pytest_durable._hosts.workerd.exchange import Exchange
from pytest_durable._hosts.workerd.modules import collect_modules
from pytest_durable._hosts.workerd.process import WorkerdProcess
from pytest_durable._hosts.workerd.records import Onset, Outcome, PlatformRecord
from pytest_durable._hosts.workerd.requests import Answer, Failure, Target, read_answer
from pytest_durable._hosts.workerd.starting import Launch

START_MS = 1_893_456_000_000  # 2030-01-01
MS = 1_000_000
SECOND = 1_000 * MS
HOUR = 3_600 * SECOND
OBJECTS = Path(__file__).parents[1] / "workerd" / "objects.js"


@dataclass(frozen=True, slots=True)
class Platform:
    executable: Path
    shim: Path


class Pending:
    """A request in flight, and what came of it."""

    def __init__(self) -> None:
        self.exchange: Exchange | None = None
        self.outcome: Answer | Failure | None = None
        self.is_over = False

    def take(self, reply: Any) -> None:
        self.outcome, self.is_over = read_answer(reply), True


class Machine:
    def __init__(self, process: WorkerdProcess, records: list[PlatformRecord]) -> None:
        self.process = process
        self.records = records
        self.conversation = process.conversation

    @classmethod
    def start(
        cls,
        platform: Platform,
        disk: Path,
        *,
        main: Path = OBJECTS,
        now_ms: int = START_MS,
        launch: Any = None,
        **more: Any,
    ) -> "Machine":
        disk.mkdir(exist_ok=True)
        config: dict[str, Any] = {
            "modules": collect_modules(main),
            "classes": (DurableClass(class_name="Probe", unique_key="probe"),),
            "bindings": (ClassBinding(name="PROBE", class_name="Probe"),),
            "storage": disk,
            **more,
        }
        records: list[PlatformRecord] = []
        process = WorkerdProcess.start(
            Launch(
                executable=platform.executable,
                shim=platform.shim,
                config=WorkerConfig(**config),
                wall_ns=now_ms * MS,
                on_record=records.append,
                **{"environ": os.environ, **(launch or {})},
            )
        )
        return cls(process, records)

    @property
    def now_ms(self) -> int:
        return self.conversation.wall_ns // MS

    def submit(self, body: bytes) -> Pending:
        pending = Pending()
        pending.exchange = self.conversation.submit(body, pending.take)
        return pending

    def ask(self, body: bytes) -> Any:
        pending = self.submit(body)
        self.conversation.settle()
        assert isinstance(pending.outcome, Answer), pending.outcome
        return pending.outcome.value

    def call(self, method: str, *arguments: object, name: str = "a") -> Any:
        return self.ask(requests.call(probe(name), method, arguments))

    def begin(self, method: str, *arguments: object, name: str = "a") -> Pending:
        return self.submit(requests.call(probe(name), method, arguments))

    def advance(self, distance_ns: int) -> None:
        """Let exactly this much time pass, whatever is said on the way."""
        self.conversation.settle()
        end_ns = self.conversation.wall_ns + distance_ns
        while self.conversation.wall_ns < end_ns:
            self.conversation.travel(end_ns - self.conversation.wall_ns)

    def alarm_runs(self) -> list[tuple[int, str]]:
        """Instant and outcome of each run of an alarm, as the platform told them."""
        outcomes = {record.invocation: record.outcome for record in self.records if isinstance(record, Outcome)}
        return [
            (record.at_ms, outcomes[record.invocation])
            for record in self.records
            if isinstance(record, Onset) and record.kind == "alarm"
        ]


def probe(name: str = "a") -> Target:
    return Target(class_name="Probe", name=name)
