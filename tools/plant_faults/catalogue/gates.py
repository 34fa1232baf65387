"""Faults in what happens at the end of a turn: commits, gates, critical sections, transactions."""

from typing import Final

from tools.plant_faults.fault import Fault

_COMMIT: Final = "_core/actor/commit.py"
_TRANSACTIONS: Final = "_core/actor/transactions.py"
_INCARNATION: Final = "_core/actor/incarnation.py"
_STRAND: Final = "_core/actor/strand.py"
_OUTPUT_GATE: Final = ("tests/core/gates/test_output_gate.py",)
_INPUT_GATE: Final = ("tests/core/gates/test_input_gate.py",)

FAULTS: Final = (
    Fault(
        name="gate-opened-early",
        breaks="What a turn sends leaves before the turn is committed.",
        file=_INCARNATION,
        before="        self.storage.end_turn()\n        self.output_gate.open()\n",
        after="        self.output_gate.open()\n        self.storage.end_turn()\n",
        tests=_OUTPUT_GATE,
    ),
    Fault(
        name="gate-never-opened",
        breaks="What a turn sends to other objects never leaves.",
        file=_INCARNATION,
        before="        self.storage.end_turn()\n        self.output_gate.open()\n",
        after="        self.storage.end_turn()\n",
        tests=_OUTPUT_GATE,
    ),
    Fault(
        name="message-not-held",
        breaks="A call of one object to another leaves at once, before the writes that precede it are durable.",
        file="_core/actor/channel.py",
        before="scope.incarnation.output_gate.hold(lambda: deliver(answer))",
        after="deliver(answer)",
        tests=_OUTPUT_GATE,
    ),
    Fault(
        name="message-of-a-lost-turn-sent",
        breaks="What waited for a commit is sent although the commit has failed.",
        file=_INCARNATION,
        before=(
            "        self.output_gate.discard()\n"
            "        replies, self.replies = self.replies, {}\n"
            "        self._park()\n"
        ),
        after="        replies, self.replies = self.replies, {}\n        self._park()\n",
        tests=_OUTPUT_GATE,
    ),
    Fault(
        name="reply-before-the-commit",
        breaks="The answer to a call is sent before the last turn of the call is committed.",
        file=_STRAND,
        before=(
            "        incarnation.end_turn()\n"
            "        if not incarnation.is_over:\n"
            "            incarnation.strand_ended(self)\n"
            "            if self._ended is not None:\n"
            "                self._ended(result, failure)\n"
        ),
        after=(
            "        if self._ended is not None:\n"
            "            self._ended(result, failure)\n"
            "        incarnation.end_turn()\n"
            "        if not incarnation.is_over:\n"
            "            incarnation.strand_ended(self)\n"
        ),
        tests=_OUTPUT_GATE,
    ),
    Fault(
        name="last-commit-lost",
        breaks="The writes of the last turn of a call are never committed.",
        file=_STRAND,
        before=(
            "        incarnation.end_turn()\n"
            "        if not incarnation.is_over:\n"
            "            incarnation.strand_ended(self)\n"
        ),
        after="        if not incarnation.is_over:\n            incarnation.strand_ended(self)\n",
        tests=("tests/core/gates/test_implicit_transactions.py",),
    ),
    Fault(
        name="failed-commit-swallowed",
        breaks="An object goes on, and answers, after a commit that failed.",
        file=_COMMIT,
        before="self._incarnation.container.break_with_error(failure, counts=is_constraint_failure(failure))",
        after="del failure",
        tests=_OUTPUT_GATE,
    ),
    Fault(
        name="commit-rolls-back",
        breaks="A commit undoes the writes and reports success.",
        file="_core/storage/transaction.py",
        before="            database.execute(database.statements.commit)",
        after="            database.execute(database.statements.rollback)",
        tests=("tests/core/storage/test_transactions.py",),
    ),
    Fault(
        name="first-turn-commits-with-the-next",
        breaks="A transaction stays open over a real wait, so that turns are committed together.",
        file=_STRAND,
        before="                raise\n            incarnation.end_turn()\n",
        after="                raise\n",
        tests=("tests/core/gates/test_implicit_transactions.py",),
    ),
    Fault(
        name="section-lets-others-in",
        breaks="Other events run while a critical section is open.",
        file=_STRAND,
        before="        return gate.section is self._section\n",
        after="        return True\n",
        tests=_INPUT_GATE,
    ),
    Fault(
        name="queue-reversed",
        breaks="Events that waited for a critical section are served last come, first served.",
        file="_core/actor/gates.py",
        before="        self._waiting.append((section, waiter))",
        after="        self._waiting.insert(0, (section, waiter))",
        tests=_INPUT_GATE,
    ),
    Fault(
        name="newcomer-overtakes",
        breaks="An event that arrives as a critical section ends overtakes those that have waited for it.",
        file=_STRAND,
        before="        if gate.called and waiter is None:\n            return False\n",
        after="",
        tests=_INPUT_GATE,
    ),
    Fault(
        name="section-without-a-limit",
        breaks="A critical section may last for ever.",
        file="_core/actor/critical_sections.py",
        before="        self._timers += (timer,)\n",
        after="        timer.cancel()\n",
        tests=_INPUT_GATE,
    ),
    Fault(
        name="failed-transaction-committed",
        breaks="A transaction whose callback raised is committed.",
        file=_TRANSACTIONS,
        before="                handle.rollback()\n                self._end(handle)\n            raise\n",
        after="                self._commit(handle)\n                self._end(handle)\n            raise\n",
        tests=("tests/core/gates/test_transactions.py",),
    ),
    Fault(
        name="failed-sync-transaction-kept",
        breaks="What a synchronous transaction wrote stays although its callback raised.",
        file=_TRANSACTIONS,
        before="                store.rollback_sync_savepoint()",
        after="                store.release_sync_savepoint()",
        tests=("tests/core/gates/test_transaction_sync.py",),
    ),
    Fault(
        name="failure-lost-behind-the-gate",
        breaks="An awaited failure that arrives while a critical section is open is taken for a success.",
        file=_STRAND,
        before="            self._pending = failure\n",
        after="            del failure\n",
        tests=_INPUT_GATE,
    ),
    Fault(
        name="sections-nest-deeper",
        breaks="Critical sections nest one level deeper than the platform allows.",
        file="_core/actor/gates.py",
        before="        if self.depth > NESTING_MAX:",
        after="        if self.depth > NESTING_MAX + 1:",
        tests=_INPUT_GATE,
    ),
    Fault(
        name="aborted-turn-committed",
        breaks="The writes of a turn that aborts its object are kept.",
        file=_INCARNATION,
        before="        if self.abort_request is not None:\n            self.container.break_now(",
        after=(
            "        if self.abort_request is not None:\n"
            "            self.storage.end_turn()\n"
            "            self.container.break_now("
        ),
        tests=("tests/core/lifecycle/test_abort.py",),
    ),
)
