import os
from collections import Counter

import pytest
from hypothesis import settings

pytest_plugins = ["pytester"]

# The same examples in every run: a failure in CI is a failure at home. "long" looks for new ones.
settings.register_profile("default", derandomize=True, deadline=None)
settings.register_profile("long", max_examples=2_000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell what the differential suite compared; its tests may have run in other processes."""
    told = [dict(report.user_properties).get("differential") for report in terminalreporter.getreports("passed")]
    parts = [part for part in told if part is not None]
    if not parts:
        return
    kinds = sum((Counter(part["kinds"]) for part in parts), Counter())
    totals = [sum(part[name] for part in parts) for name in ("programs", "steps")]
    terminalreporter.section("compared with the real platform")
    terminalreporter.line("{} programs, {} steps".format(*totals))
    terminalreporter.line(", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items())))
