"""Running code."""

from collections.abc import Callable
from typing import Any, NoReturn

def run_js(code: str, /) -> NoReturn:
    """Refused: there is no engine for the platform's language here, and production refuses code from strings too."""

def relaxed_call(func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call ``func`` with as many of the arguments as it takes."""

def relaxed_wrap(func: Callable[..., Any]) -> Callable[..., Any]:
    """``func``, which ignores the arguments that it does not take."""
