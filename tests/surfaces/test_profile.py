"""Which profile applies: decisions 1.3, spec python-workers 0.2."""

import pytest

from pytest_durable._surfaces.profile import Profile, choose_profile


@pytest.mark.parametrize(
    ("option", "date", "sdk", "profile"),
    [
        (None, None, None, "wrapped"),
        ("raw", "2026-08-01", "1.9.5", "raw"),
        ("wrapped", "2025-01-01", "1.1.4", "wrapped"),
        (None, "2026-04-20", "1.9.5", "raw"),
        (None, "2026-04-21", None, "wrapped"),
        (None, "2026-08-01", "1.2.9", "raw"),
        (None, "2026-08-01", "1.3.0", "wrapped"),
        (None, None, "1.10.0rc1", "wrapped"),
        (None, None, "1.1.4", "raw"),
    ],
)
def test_the_option_wins_then_the_date_then_the_sdk(
    option: Profile | None, date: str | None, sdk: str | None, profile: Profile
) -> None:
    # PW-0.1
    assert choose_profile(option, compatibility_date=date, sdk_version=sdk) == profile
