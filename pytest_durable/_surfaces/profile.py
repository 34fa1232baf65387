"""Which generation of the platform's Python side user code is written for. Pure, but for the look at what is installed.

Source: spec python-workers 0.2, PW-0.1; decisions 1.3.
"""

import functools
import importlib.metadata
import re
import sys
from collections.abc import Collection
from typing import Final, Literal

Profile = Literal["raw", "wrapped"]

SDK: Final = "workers-runtime-sdk"
#: From this compatibility date on the platform takes the SDK that the project brings along.
EXTERNAL_SDK_DATE: Final = "2026-04-21"
#: From this version on the SDK converts what storage and calls take and give.
WRAPPING_SDK: Final = (1, 3, 0)


def choose_profile(
    option: Profile | None, *, compatibility_date: str | None = None, sdk_version: str | None = None
) -> Profile:
    """The profile for an application.

    Args:
        option: What the user asked for; settles it.
        compatibility_date: Of the configuration, if there is one; before ``EXTERNAL_SDK_DATE`` the SDK is switched off.
        sdk_version: Of the installed ``workers-runtime-sdk``, if it is installed.
    """
    if option is not None:
        return option
    if compatibility_date is not None and compatibility_date < EXTERNAL_SDK_DATE:
        return "raw"
    if sdk_version is not None:
        return "wrapped" if _numbers(sdk_version) >= WRAPPING_SDK else "raw"
    return "wrapped"


def pyodide_version(compatibility_date: str, flags: Collection[str] = ()) -> str:
    """Which Pyodide the platform runs the application on (spec python-workers 0.2)."""
    if {"python_workers_314", "python_workers_20260610"} & set(flags) or compatibility_date >= "2026-09-08":
        return "314.0.6"
    if "python_workers_20250116" in flags or compatibility_date >= "2025-09-29":
        return "0.28.2"
    return "0.26.0a2"


def installed_sdk() -> str | None:
    """The version of the installed ``workers-runtime-sdk``, None without one."""
    return _installed_sdk(tuple(sys.path))


@functools.lru_cache(maxsize=1)
def _installed_sdk(_path: tuple[str, ...]) -> str | None:
    # Kept, because each host asks and a look through site-packages is a good part of the time of a small test.
    try:
        return importlib.metadata.version(SDK)
    except importlib.metadata.PackageNotFoundError:
        return None


def _numbers(version: str) -> tuple[int, ...]:
    """The leading numbers of a version; what follows them (``rc1``) does not count."""
    found = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(int(number) for number in found[0].split(".")) if found else ()
