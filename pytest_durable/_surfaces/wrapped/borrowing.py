"""Python functions that the platform keeps although they are no proxies.

Source: spec python-workers 3.3 (PW-3.10).
"""

from typing import Final

BORROWED: Final = (
    "This borrowed proxy was automatically destroyed at the end of a function call. "
    "Try using create_proxy or create_once_callable."
)
NEEDS_PROXY: Final = (
    "{name}() keeps the function that it is given; in production a function that create_proxy() or "
    "create_once_callable() has not wrapped is destroyed when {name}() returns"
)
