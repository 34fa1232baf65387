"""Invariants of the core that no type checker sees."""

import ast

from support.sources import modules

#: What starts something on the loop. ``life.py`` and the clock do; all others ask them.
STARTERS = frozenset({"call_at", "call_later", "call_soon", "call_soon_threadsafe", "create_task", "ensure_future"})


def test_only_life_and_clock_start_tasks_callbacks_and_timers() -> None:
    found = [
        (path, node.lineno)
        for path, tree in modules("_core")
        if path != "_core/life.py" and not path.startswith("_core/clock/")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and (_called(node) in STARTERS or ast.unparse(node.func) == "asyncio.Task")
    ]

    assert found == []


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
