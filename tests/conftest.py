import os
from collections.abc import Generator

import pytest
from hypothesis import settings

pytest_plugins = ["pytester"]

# The same examples in every run: a failure in CI is a failure at home. "long" looks for new ones.
settings.register_profile("default", derandomize=True, deadline=None)
settings.register_profile("long", max_examples=2_000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where the real platform is required, a test that is skipped for want of it fails."""
    report = yield
    if report.skipped and os.environ.get("DURABLE_REQUIRE_WORKERD") and isinstance(report.longrepr, tuple):
        reason = report.longrepr[2]
        if "workerd" in reason:
            report.outcome, report.longrepr = "failed", f"Required, and skipped.\n\n{reason}"
    return report
