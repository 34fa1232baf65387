"""The modules that let applications of ASGI and WSGI answer: ``workers.asgi``, ``workers.wsgi``, and ``asgi``.

Source: workers-runtime-sdk (1.9.5) workers/asgi.py, workers/wsgi.py, workers/gateway, asgi.py; spec python-workers 0.3.
"""

import dataclasses
from collections.abc import Mapping
from typing import Final

from pytest_durable._surfaces.modules import ModuleContent
from pytest_durable._surfaces.wrapped.gateway import asgi, background, options, scope, wsgi

#: Helpers of the platform's modules that nothing outside of them has a use for.
_ASGI_LATER: Final = frozenset(
    {
        *("acquire_js_buffer", "background_tasks", "close_stream_quietly", "process_request", "process_websocket"),
        "start_application",
    }
)


def contents() -> Mapping[str, ModuleContent]:
    """The modules of this family, by name."""
    asgi_content = ModuleContent(
        doc="Applications that speak ASGI behind a Worker or an object.",
        members={
            "ASGI": scope.ASGI,
            "DEFAULT_OPTIONS": asgi.DEFAULT_OPTIONS,
            "NULL_BODY_STATUSES": options.NULL_BODY_STATUSES,
            "Options": asgi.Options,
            "entrypoint": asgi.entrypoint,
            "fetch": asgi.fetch,
            "request_to_scope": scope.request_to_scope,
            "run_in_background": background.run_in_background,
            "websocket": asgi.websocket,
        },
        lookups={"env": asgi.dependency},
        later=_ASGI_LATER,
    )
    return {
        "workers.asgi": asgi_content,
        "asgi": dataclasses.replace(asgi_content, same_as="workers.asgi"),
        "workers.wsgi": ModuleContent(
            doc="Applications that speak WSGI behind a Worker or an object.",
            members={
                "DEFAULT_OPTIONS": wsgi.DEFAULT_OPTIONS,
                "NULL_BODY_STATUSES": options.NULL_BODY_STATUSES,
                "Options": wsgi.Options,
                "build_environ": scope.build_environ,
                "entrypoint": wsgi.entrypoint,
                "fetch": wsgi.fetch,
            },
            later=frozenset({"process_request"}),
        ),
        "workers.gateway": ModuleContent(
            doc="What both gateways share.",
            members={"BaseOptions": options.BaseOptions, "EncodeBody": options.EncodeBody},
        ),
    }
