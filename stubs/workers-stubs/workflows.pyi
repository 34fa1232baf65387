"""Workflows."""

class NonRetryableError(Exception):
    """Ends a step of a workflow for good."""
