"""Conversions, and wrappers of what the platform hands out."""

from typing import Any

from workers._platform import DurableObjectNamespace, DurableObjectStub, JsDict as JsDict, RpcFunction, Wrapper

_BindingWrapper = Wrapper
_DurableObjectNamespaceWrapper = DurableObjectNamespace
_FetcherWrapper = DurableObjectStub
_RpcStubWrapper = RpcFunction

class _EnvWrapper:
    """``self.env``: bindings by attribute."""

    def __new__(cls, env: Any) -> _EnvWrapper: ...
    def __init__(self, env: Any) -> None: ...
    def __getattr__(self, name: str) -> Any: ...

def python_to_rpc(value: Any) -> Any:
    """What a value becomes on its way to another object or to storage."""

def python_from_rpc(value: Any) -> Any:
    """What a value becomes when Python code receives it."""
