"""A host in a plain program: no pytest, no plugin, nothing but the package."""

import subprocess
import sys
from pathlib import Path

PROGRAM = """
import asyncio, sys
from pytest_durable import Host, serve_imports
serve_imports()
serve_imports()
from workers import DurableObject

class Counter(DurableObject):
    async def add(self):
        total = (await self.ctx.storage.get("total") or 0) + 1
        await self.ctx.storage.put("total", total)
        await asyncio.sleep(3600)
        return total

async def main():
    async with Host(directory=sys.argv[1]) as durable:
        return await durable.namespace(Counter).get_by_name("a").add()

def add(host):
    return host.namespace(Counter).get_by_name("a").add()

print(asyncio.run(main()), Host.run_main(add, directory=sys.argv[1]))
print("pytest_durable.plugin" in sys.modules)
"""

FAILING = """
import asyncio, sys
from pytest_durable import App, Host

async def main():
    Host(sys.argv[1], app=App(classes=("a:B",)))

asyncio.run(main())
"""


def run(program: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-W", "error", "-c", program, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_host_serves_a_plain_program(tmp_path: Path) -> None:
    done = run(PROGRAM, str(tmp_path))
    assert (done.stdout, done.stderr) == ("1 2\nFalse\n", "")


def test_a_host_that_cannot_begin_inside_a_running_loop_says_why(tmp_path: Path) -> None:
    (tmp_path / "B").mkdir()
    (tmp_path / "B" / "metadata.sqlite").write_bytes(b"x" * 8192)
    done = run(FAILING, str(tmp_path))
    assert "DamagedFileError" in done.stderr
    assert "Cannot run the event loop" not in done.stderr
    assert "ResourceWarning" not in done.stderr
