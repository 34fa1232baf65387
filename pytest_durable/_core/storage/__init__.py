"""The storage room: everything that touches SQLite. Synchronous; time comes from a callable.

A ``Disk`` survives lives; it holds ``NamespaceFiles``, which open one ``ObjectStore`` per object in use and keep the
``AlarmTable``. ``StoredView`` looks at what is committed.
"""

from pytest_durable._core.storage.alarm_table import AlarmTable
from pytest_durable._core.storage.codec import (
    NotCloneable,
    UndecodableError,
    cross,
    decode,
    encode,
    encoded_size,
    may_exceed,
)
from pytest_durable._core.storage.database import DiskStatistics
from pytest_durable._core.storage.disk import Disk
from pytest_durable._core.storage.facet_files import FacetFiles
from pytest_durable._core.storage.faults import Fault, Step, Trouble
from pytest_durable._core.storage.inspection import StoredValues, StoredView
from pytest_durable._core.storage.key_range import ListOptions
from pytest_durable._core.storage.members import member, own_members
from pytest_durable._core.storage.namespace import NamespaceFiles
from pytest_durable._core.storage.sql_cursor import Cursor
from pytest_durable._core.storage.sql_errors import is_constraint_failure
from pytest_durable._core.storage.store import ObjectStore
from pytest_durable._core.storage.texts import Textual, text_of
from pytest_durable._core.storage.transaction import Explicit, Implicit, NoTransaction, StoreHooks
from pytest_durable._core.storage.values import PLAIN, UNDEFINED, DecodedTypes

__all__ = [
    "PLAIN",
    "UNDEFINED",
    "AlarmTable",
    "Cursor",
    "DecodedTypes",
    "Disk",
    "DiskStatistics",
    "Explicit",
    "FacetFiles",
    "Fault",
    "Implicit",
    "ListOptions",
    "NamespaceFiles",
    "NoTransaction",
    "NotCloneable",
    "ObjectStore",
    "Step",
    "StoreHooks",
    "StoredValues",
    "StoredView",
    "Textual",
    "Trouble",
    "UndecodableError",
    "cross",
    "decode",
    "encode",
    "encoded_size",
    "is_constraint_failure",
    "may_exceed",
    "member",
    "own_members",
    "text_of",
]
