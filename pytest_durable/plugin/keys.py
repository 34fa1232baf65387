"""What the plugin keeps on pytest's objects, and how it recognises a durable test."""

from typing import TYPE_CHECKING, Final

import pytest

from pytest_durable.plugin.options import Options

if TYPE_CHECKING:
    from pytest_durable.plugin.bench import Bench

#: On the config: the options of tests whose marker says nothing.
DEFAULTS: Final = pytest.StashKey[Options]()
#: On the item, from the set-up of its world to the end of the test.
BENCH: "Final[pytest.StashKey[Bench]]" = pytest.StashKey()
#: On the item: a phase of it has failed.
FAILED: Final = pytest.StashKey[bool]()
#: On the item: what its hosts were like when its teardown failed.
EVIDENCE: Final = pytest.StashKey[str]()

#: A test that asks for one of these, directly or through a fixture, is a durable test.
FIXTURES: Final = frozenset({"durable", "durable_factory"})


def is_durable(item: object) -> bool:
    """Whether a test uses ``durable``, directly or through its fixtures."""
    return not FIXTURES.isdisjoint(getattr(item, "fixturenames", ()))
