"""What SQLite executed and what the journal said, in one list."""

from typing import Any

#: The statements that make something durable or give it up, and what they are called here.
_OBJECT = {
    "BEGIN": "object: begin",
    "SAVEPOINT _cf_savepoint_0": "object: begin",
    "COMMIT": "object: commit",
    "RELEASE _cf_savepoint_0": "object: commit",
    "ROLLBACK": "object: rollback",
}
_ROW = {"INSERT": "row: set", "DELETE": "row: delete"}


class Trace:
    """Records (by the names of their classes) and statements (by the words above) in the order of their happening.

    Must be made before the namespaces are: only databases opened later are seen.
    """

    def __init__(self, durable: Any) -> None:
        self.log: list[str] = []
        disk = durable._computer.disks.choose(durable._declarations.storage)
        disk.trace_statements(self._executed)
        durable.journal.listen(lambda record: self.log.append(type(record).__name__))

    def _executed(self, path: str, sql: str) -> None:
        if path.endswith("metadata.sqlite"):
            word = _ROW.get(sql.split()[0]) if "_cf_ALARM" in sql else None
        else:
            word = _OBJECT.get(sql)
        if word is not None:
            self.log.append(word)

    def clear(self) -> None:
        self.log.clear()

    @property
    def statements(self) -> list[str]:
        """The statements alone."""
        return [entry for entry in self.log if ": " in entry]

    @property
    def durable_steps(self) -> list[str]:
        """The statements after which something new would survive a crash."""
        return [entry for entry in self.statements if entry not in ("object: begin", "object: rollback")]
