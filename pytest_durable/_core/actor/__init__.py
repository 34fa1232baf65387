"""One object: its container, its instances, its gates, its turns."""

from pytest_durable._core.actor.alarm_delivery import AlarmResult, deliver_alarm
from pytest_durable._core.actor.alarm_removal import abandon_alarm, delete_alarm, delete_alarm_unseen
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
from pytest_durable._core.actor.breakage import Breakage
from pytest_durable._core.actor.callbacks import wrap_callback
from pytest_durable._core.actor.capabilities import GONE, RELEASED, Capability, Hold
from pytest_durable._core.actor.channel import Channel
from pytest_durable._core.actor.commit import ActorStorage
from pytest_durable._core.actor.container import Container
from pytest_durable._core.actor.context import ObjectContext
from pytest_durable._core.actor.facet_tree import FacetTree
from pytest_durable._core.actor.facets import Facets, FacetStart
from pytest_durable._core.actor.facets_face import FacetClient, ObjectFacets
from pytest_durable._core.actor.incarnation import Incarnation
from pytest_durable._core.actor.lifecycle import ContainerState
from pytest_durable._core.actor.reply import never_sent
from pytest_durable._core.actor.scope import (
    SCOPE,
    Scope,
    current_scope,
    hex_told_of,
    is_in_turn,
    require_own,
    scope_of,
)
from pytest_durable._core.actor.services import Services
from pytest_durable._core.actor.storage_face import (
    ObjectKv,
    ObjectSql,
    ObjectStorage,
    ObjectTransaction,
    StorageOperations,
)
from pytest_durable._core.actor.strand import Strand
from pytest_durable._core.actor.timeouts import run_soon
from pytest_durable._core.actor.transactions import TransactionHandle
from pytest_durable._core.storage import member

__all__ = [
    "ABSENT",
    "GONE",
    "RELEASED",
    "SCOPE",
    "ActorStorage",
    "AlarmResult",
    "AlarmService",
    "Breakage",
    "Capability",
    "Channel",
    "Container",
    "ContainerState",
    "FacetClient",
    "FacetStart",
    "FacetTree",
    "Facets",
    "Hold",
    "Incarnation",
    "ObjectContext",
    "ObjectFacets",
    "ObjectKv",
    "ObjectSql",
    "ObjectStorage",
    "ObjectTransaction",
    "Scope",
    "Services",
    "StorageOperations",
    "Strand",
    "TransactionHandle",
    "abandon_alarm",
    "current_scope",
    "delete_alarm",
    "delete_alarm_unseen",
    "deliver_alarm",
    "hex_told_of",
    "is_in_turn",
    "is_nothing",
    "is_object",
    "member",
    "milliseconds_of",
    "never_sent",
    "not_of_type",
    "number_of",
    "require_own",
    "run_soon",
    "scope_of",
    "text_of",
    "truth",
    "wrap_callback",
]
