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

#: The fixture under ``durable`` and ``durable_factory``. A test that has it, directly or not, is a durable test; one
#: with a fixture of its own that happens to be called ``durable`` is none.
BENCH_FIXTURE: Final = "_durable_bench"

#: The fixture that names the host which runs the test; it is what the test is parametrised by.
BACKEND_FIXTURE: Final = "durable_backend"


def is_durable(item: object) -> bool:
    """Whether a test uses ``durable`` or ``durable_factory``, directly or through its fixtures."""
    return BENCH_FIXTURE in getattr(item, "fixturenames", ())
