"""One object: its container, its instances, its gates, its turns."""

from pytest_durable._core.actor.alarm_delivery import AlarmResult
from pytest_durable._core.actor.alarm_turn import AlarmService
from pytest_durable._core.actor.arguments import (
    ABSENT,
    is_nothing,
    is_object,
    milliseconds_of,
    not_of_type,
    number_of,
    text_of,
    truth,
)
from pytest_durable._core.actor.capabilities import GONE, RELEASED, Capability, Hold
from pytest_durable._core.actor.commit import ActorStorage
from pytest_durable._core.actor.container import Container, Pin
from pytest_durable._core.actor.context import ObjectContext
from pytest_durable._core.actor.incarnation import AbortRequest, Incarnation
from pytest_durable._core.actor.lifecycle import ContainerState
from pytest_durable._core.actor.scope import SCOPE, Scope, current_scope, hex_told_of, is_in_turn, scope_of
from pytest_durable._core.actor.services import Services
from pytest_durable._core.actor.storage_face import (
    ObjectKv,
    ObjectSql,
    ObjectStorage,
    ObjectTransaction,
    StorageOperations,
)
from pytest_durable._core.actor.strand import Strand
from pytest_durable._core.actor.transactions import TransactionHandle
from pytest_durable._core.storage import member

__all__ = [
    "ABSENT",
    "GONE",
    "RELEASED",
    "SCOPE",
    "AbortRequest",
    "ActorStorage",
    "AlarmResult",
    "AlarmService",
    "Capability",
    "Container",
    "ContainerState",
    "Hold",
    "Incarnation",
    "ObjectContext",
    "ObjectKv",
    "ObjectSql",
    "ObjectStorage",
    "ObjectTransaction",
    "Pin",
    "Scope",
    "Services",
    "StorageOperations",
    "Strand",
    "TransactionHandle",
    "current_scope",
    "hex_told_of",
    "is_in_turn",
    "is_nothing",
    "is_object",
    "member",
    "milliseconds_of",
    "not_of_type",
    "number_of",
    "scope_of",
    "text_of",
    "truth",
]
