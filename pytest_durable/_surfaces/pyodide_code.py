"""``pyodide.code``.

Source: pyodide.code; spec python-workers 3.3 (PW-3.11).
"""

import functools
import inspect
from collections.abc import Callable
from typing import Any, NoReturn


def run_js(code: str, /) -> NoReturn:
    """Refused: there is no engine for the platform's language here, and production refuses code from strings too.

    Raises:
        NotImplementedError: Always.
    """
    raise NotImplementedError(
        "pytest-durable runs no JavaScript: `run_js()` has nothing to run it with.\n\n"
        "Production refuses it too: code generation from strings is not allowed in a Worker.\nSee docs/limits.md"
    )


def relaxed_call(func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call ``func`` with as many of the arguments as it takes."""
    return relaxed_wrap(func)(*args, **kwargs)


def relaxed_wrap(func: Callable[..., Any]) -> Callable[..., Any]:
    """``func``, which ignores the arguments that it does not take."""
    signature = inspect.signature(func)
    kinds = [parameter.kind for parameter in signature.parameters.values()]
    takes_all = inspect.Parameter.VAR_POSITIONAL in kinds
    takes_names = inspect.Parameter.VAR_KEYWORD in kinds
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    count = sum(kind in positional for kind in kinds)

    @functools.wraps(func)
    def relaxed(*args: Any, **kwargs: Any) -> Any:
        taken = args if takes_all else args[:count]
        named = kwargs if takes_names else {name: kwargs[name] for name in kwargs if name in signature.parameters}
        return func(*taken, **named)

    return relaxed
