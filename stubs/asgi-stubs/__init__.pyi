"""A second name of ``workers.asgi``."""

from workers.asgi import (
    ASGI as ASGI,
    DEFAULT_OPTIONS as DEFAULT_OPTIONS,
    NULL_BODY_STATUSES as NULL_BODY_STATUSES,
    Options as Options,
    entrypoint as entrypoint,
    env as env,
    fetch as fetch,
    request_to_scope as request_to_scope,
    run_in_background as run_in_background,
    websocket as websocket,
)
