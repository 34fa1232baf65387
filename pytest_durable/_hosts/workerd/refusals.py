"""What the host of the real platform says when it cannot do what was asked."""

from pytest_durable._core.errors import ConfigurationError, UnsupportedOnHostError


def unsupported(what: str, instead: str) -> UnsupportedOnHostError:
    """The error for what only a platform in this process can do."""
    return UnsupportedOnHostError(f"The real platform cannot {what}.\n\n{instead}")


def second_namespace(class_name: str) -> UnsupportedOnHostError:
    """The error for a class that has a namespace already."""
    return unsupported(
        f"keep two namespaces of one class, here {class_name}",
        f"Give the second a class of its own:  export class Other extends {class_name} {{}}",
    )


def namespace_too_late(unique_key: str, others: str) -> ConfigurationError:
    """The error for a namespace that is declared when the process runs already.

    Args:
        unique_key: Of the namespace.
        others: Those that the process has.
    """
    return ConfigurationError(
        f"The namespace {unique_key!r} comes too late: the process that runs cannot take it in.\n\n"
        "  expected  all namespaces declared before the first call\n"
        f"  actual    a process that runs with {others or 'none'}\n\n"
        "Declare it in durable_app, or before the test's first await."
    )
