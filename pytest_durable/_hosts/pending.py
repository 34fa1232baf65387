"""Which alarms of a namespace are pending: those of the life that runs, or while none does, those on the disk."""

from pytest_durable._core.runtime import Runtime
from pytest_durable._hosts.durations import instant
from pytest_durable._hosts.namespace import Namespace
from pytest_durable._hosts.stored import PendingAlarm


def pending_alarms(runtime: Runtime | None, namespace: Namespace) -> list[PendingAlarm]:
    """The pending alarms of one namespace, in no order."""
    if runtime is None:
        return [
            PendingAlarm(id=actor_hex, name=name, due=instant(due_ns), state="waiting", retry_count=0)
            for actor_hex, due_ns, name in namespace.storage_files.stored_alarms()
        ]
    return [
        PendingAlarm(
            id=alarm.id,
            name=alarm.name,
            due=instant(alarm.due_ns),
            state=alarm.state.value,
            retry_count=alarm.retry_count,
        )
        for alarm in runtime.namespaces[namespace.unique_key].scheduler.pending()
    ]
