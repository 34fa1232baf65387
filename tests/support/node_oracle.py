"""Node as the judge of the value format: one child process that reads and writes values with V8 itself."""

import json
import shutil
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from support.value_description import Description

_SCRIPT = Path(__file__).with_name("node_oracle.js")


def node_path() -> str | None:
    """Return where ``node`` is, or None."""
    return shutil.which("node")


class NodeRefused(Exception):
    """V8 threw; the message is its error."""


class NodeOracle:
    """A running Node; use as a context manager."""

    def __init__(self, node: str) -> None:
        self._child = subprocess.Popen([node, str(_SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._child.communicate()

    def write(self, value: Description) -> bytes:
        """Return the bytes that V8 writes for the described value."""
        return bytes.fromhex(self._ask({"write": value})["hex"])

    def read(self, blob: bytes) -> Description:
        """Return the description of what V8 reads."""
        value: Description = self._ask({"read": blob.hex()})["value"]
        return value

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.stdin.write(json.dumps(request) + "\n")
        self._child.stdin.flush()
        answer: dict[str, Any] = json.loads(self._child.stdout.readline())
        if "error" in answer:
            raise NodeRefused(answer["error"])
        return answer
