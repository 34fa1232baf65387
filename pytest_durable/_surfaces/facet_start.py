"""What a facet's startup callback gives, read as the platform reads it.

Source: workerd api/actor-state.h (StartupOptions), jsg; spec durable-objects 1.7.1.
"""

from collections.abc import Callable
from typing import Final

from pytest_durable._core.actor import FacetStart, is_nothing, is_object, member, text_of
from pytest_durable._core.ids import ObjectId
from pytest_durable._core.platform_errors import type_error
from pytest_durable._core.storage.values import UNDEFINED

_NOTHING: Final = (
    "Cannot initialize N7workerd3api19DurableObjectFacets14StartupOptionsE with required members from an undefined or "
    "null value."
)
_NO_OBJECT: Final = "Callback returned incorrect type; expected 'Promise'"
_NO_CLASS: Final = (
    "Incorrect type for the 'class' field on 'StartupOptions': the provided value is not of type "
    "'DurableObjectClass or LoopbackDurableObjectNamespace or LoopbackColoLocalActorNamespace'."
)


def facet_start(
    options: object, class_of: Callable[[object], type | None], id_of: Callable[[object], ObjectId | None]
) -> FacetStart:
    """What is to be started.

    Args:
        options: What the callback gave, in wire values.
        class_of: The class that a member is, None if it is none.
        id_of: The id of an object that a member is, None if it is none.

    Raises:
        PlatformError: TypeError; it does not say what.
    """
    if is_nothing(options):
        raise type_error(_NOTHING)
    if not is_object(options):
        raise type_error(_NO_OBJECT)
    cls = class_of(member(options, "class"))
    if cls is None:
        raise type_error(_NO_CLASS)
    given = member(options, "id")
    if given is UNDEFINED:
        return FacetStart(cls)
    object_id = id_of(given)
    return FacetStart(cls, text_of(given) if object_id is None else object_id)
