"""What compatibility flags and dates change about calls, on both hosts: spec durable-objects 10.1.1, 10.2.2."""

from typing import Any

import pytest

from contract.conftest import in_javascript
from contract.objects.calls import Plain
from contract.objects.references import Callee, Caller
from pytest_durable import App

pytestmark = pytest.mark.durable(backend="inprocess,workerd")

RELEASED = {"name": "Error", "message": "RPC stub used after being disposed.", "flags": []}


def app(request: pytest.FixtureRequest, backend: str, classes: tuple[type, ...], **options: Any) -> App:
    if backend == "workerd":
        return App(classes=[in_javascript(cls, request.config.rootpath) for cls in classes], **options)
    return App(classes=classes, surface="neutral", **options)


class TestJsRpc:
    @pytest.fixture
    def durable_app(self, request: pytest.FixtureRequest, durable_backend: str) -> App:
        return app(request, durable_backend, (Plain,), compatibility_flags=["js_rpc"])

    async def test_class_that_extends_nothing_can_be_called(self, durable: Any) -> None:
        # DO-10.1.1
        plain = durable.namespace("PLAIN").get_by_name("a")
        await plain.method()
        assert (await plain.fetch("https://x/")).status == 204


class TestStubsAsArguments:
    @pytest.fixture(
        params=[
            {"compatibility_date": "2026-01-20"},
            {"compatibility_date": "2026-01-19"},
            {"compatibility_date": "2026-01-19", "compatibility_flags": ["rpc_params_dup_stubs"]},
            {"compatibility_date": "2026-08-01", "compatibility_flags": ["rpc_params_transfer_stubs"]},
        ],
        ids=["later", "earlier", "dup", "transfer"],
    )
    def options(self, request: pytest.FixtureRequest) -> dict[str, Any]:
        return dict(request.param)

    @pytest.fixture
    def durable_app(self, request: pytest.FixtureRequest, durable_backend: str, options: dict[str, Any]) -> App:
        return app(request, durable_backend, (Callee, Caller), **options)

    async def test_stub_that_is_sent_stays_the_senders_by_the_later_rule_only(
        self, durable: Any, options: dict[str, Any]
    ) -> None:
        # DO-10.2.2
        flags = options.get("compatibility_flags", [])
        is_kept = flags == ["rpc_params_dup_stubs"] or (not flags and options["compatibility_date"] >= "2026-01-20")
        caller = durable.namespace("CALLER").get_by_name("a")
        assert await caller.run("own_stub", "sent") == [3, 4 if is_kept else RELEASED]
