"""Where the wings meet: the host that users hold is put together here, from the machine and the claims about it."""

from pytest_durable._hosts.inprocess import InProcessHost
from pytest_durable._hosts.workerd.host import RealHost
from pytest_durable._instruments.assertions import Claims


class Host(InProcessHost, Claims):
    """A computer with a disk, a clock and a journal, for tests of Durable Objects: what the ``durable`` fixture gives.

    Without pytest: ``async with Host(directory="state") as durable: …`` on a running asyncio loop.
    """


class WorkerdHost(RealHost, Claims):
    """The real platform, workerd, on the clock of the test: what ``durable`` is with ``backend="workerd"``.

    Without pytest: ``async with WorkerdHost(app=App(main="worker.js", …)) as durable: …``
    """
