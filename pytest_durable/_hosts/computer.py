"""What every host is made of, whatever runs on it: disks, a clock, a journal, chance, and what nobody has seen yet."""

from datetime import datetime
from pathlib import Path
from random import Random

from pytest_durable._core.journal import Journal
from pytest_durable._hosts.clock_face import ClockFace
from pytest_durable._hosts.defaults import Synchronous
from pytest_durable._hosts.disks import Disks
from pytest_durable._hosts.failures import UnseenFailures
from pytest_durable._hosts.lodging import Lodging
from pytest_durable._hosts.platform_warnings import WarningLog
from pytest_durable._hosts.world import World


class Computer:
    """The parts of one host that outlive every life. It decides nothing; it makes them, and gives them back.

    Args:
        directory, copy_from, synchronous: See ``Disks``.
        shared_world, start, autojump: See ``Lodging``.
        seed: Of everything random.
        warnings: What production would treat differently.

    Attributes:
        lodging: The world that the host lives in, and whether it must be ended with the host.
        world: The test's time and loop.
        journal: What happens, in all lives.
        clock: The clock as the test sees it.
        disks: Where objects are kept.
        random: Seeded.
        failures: What failed where no caller saw it.
        warnings: As they were given.
    """

    def __init__(
        self,
        *,
        directory: str | Path | None,
        copy_from: str | Path | None,
        synchronous: Synchronous,
        shared_world: World | None,
        start: str | datetime,
        autojump: bool,
        seed: int,
        warnings: WarningLog,
    ) -> None:
        self.lodging = Lodging(shared_world, start=start, autojump=autojump)
        self.world = world = self.lodging.world
        self.journal = Journal(world.clock.read_wall_ns)
        self.random = Random(seed)
        self.failures = UnseenFailures()
        self.warnings = warnings
        self.clock = ClockFace(
            world.clock, lambda: world.loop.pump, world.alarm_limit.until_idle, self.failures.raise_first
        )
        self.disks = Disks(
            None if directory is None else Path(directory),
            None if copy_from is None else Path(copy_from),
            wall_ns=world.clock.read_wall_ns,
            synchronous=synchronous,
        )

    def __repr__(self) -> str:
        return f"<Computer in {self.world!r}: {self.journal!r}>"

    def give_back(self) -> None:
        """Remove what is temporary, and end a world of our own. No life runs any more."""
        self.disks.end()
        self.lodging.close()
