"""Requests to the outside."""

from typing import Any

from workers.response import Response

async def fetch(resource: Any, **other_options: Any) -> Response:
    """Send a request to the outside; ``fetcher=`` names another way."""
