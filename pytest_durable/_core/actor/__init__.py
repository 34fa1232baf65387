"""One object: its container, its instances, its gates, its turns."""

from .alarm_turn import AlarmService
from .commit import ActorStorage, TransactionHandle
from .container import AlarmResult, Container
from .context import ObjectContext
from .incarnation import AbortRequest, Incarnation
from .lifecycle import ContainerState
from .scope import SCOPE, Scope, current_scope, scope_of
from .services import Services
from .strand import Strand

__all__ = [
    "SCOPE",
    "AbortRequest",
    "ActorStorage",
    "AlarmResult",
    "AlarmService",
    "Container",
    "ContainerState",
    "Incarnation",
    "ObjectContext",
    "Scope",
    "Services",
    "Strand",
    "TransactionHandle",
    "current_scope",
    "scope_of",
]
