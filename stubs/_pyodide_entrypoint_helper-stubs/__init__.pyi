"""What the SDK imports from the platform."""

from typing import Any, NoReturn

cloudflareSocketsModule: Any
cloudflareWorkersModule: Any

async def doAnImport(module_name: str) -> Any:
    """A module of the platform."""

def patchWaitUntil(_context: Any) -> None:
    """Nothing to patch."""

def patch_env_helper(_names: Any) -> NoReturn: ...
