"""What the process is told to run: the user's modules, unmodified, and the harness next to them.

The configuration is a directory: the text that workerd reads, and one file for each module, which the text embeds. So
no content is ever quoted; only names and variables are.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Final

from pytest_durable._core.errors import ConfigurationError

FILE_NAME: Final = "config.capnp"
#: The socket that the harness answers on; the test gives it to the process as an open descriptor.
SOCKET_NAME: Final = "test"
#: The date of the harness itself. The user's service has its own. An older workerd refuses it.
HARNESS_DATE: Final = "2026-08-01"
_HARNESS_FLAGS: Final = ("unsafe_module", "experimental", "streaming_tail_worker", "service_binding_extra_handlers")
#: What answers to `fetch` of the user's code instead of the world.
_NOWHERE: Final = (
    "export default { fetch({ method, url }) {"
    " throw new Error(`There is no network in a test: ${method} ${url} was not sent.`); } };"
)
#: A Worker, and not a network that allows nothing: that one looks up the name first, in another thread, which the clock
#: cannot see.
_INTERNET: Final = '(name = "internet", worker = .nowhere)'
#: Kind of module to the word of the configuration's schema.
MODULE_KINDS: Final = ("esModule", "commonJsModule", "text", "data", "wasm", "json")
_ESCAPES: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """One module of the user's. ``name`` is what relative imports of the others resolve to."""

    name: str
    content: bytes
    kind: str = "esModule"


@dataclass(frozen=True, slots=True, kw_only=True)
class DurableClass:
    """One class of objects. ``unique_key`` names its directory and decides the ids."""

    class_name: str
    unique_key: str
    sql: bool = True
    prevent_eviction: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassBinding:
    """A name in the user's ``env`` under which a namespace is found."""

    name: str
    class_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerConfig:
    """Everything that is run. The first module is the main one.

    ``storage`` is the directory that holds one directory per namespace; None keeps everything in memory. A
    ``fetch`` to the outside fails.
    """

    modules: tuple[Module, ...]
    classes: tuple[DurableClass, ...]
    bindings: tuple[ClassBinding, ...] = ()
    #: Variables: a str is a text, everything else JSON.
    variables: Mapping[str, object] = field(default_factory=dict)
    compatibility_date: str = "2026-08-01"
    compatibility_flags: tuple[str, ...] = ()
    storage: Path | None = None


def write_config(config: WorkerConfig, directory: Path, mark: str) -> Path:
    """Write the files of the configuration and return the one to start with.

    Args:
        config: What to run.
        directory: An empty directory of the caller's.
        mark: Begins each line of the output that is a record. Nobody else may know it.

    Raises:
        ConfigurationError: It contradicts itself.
    """
    _check(config)
    for number, module in enumerate(config.modules):
        (directory / f"module{number}").write_bytes(module.content)
    own = files("pytest_durable._hosts.workerd")
    (directory / "harness").write_bytes(own.joinpath("harness.js").read_bytes())
    (directory / "values").write_bytes(own.joinpath("harness_values.js").read_bytes())
    path = directory / FILE_NAME
    path.write_text(render_config(config, mark), encoding="utf-8")
    return path


def render_config(config: WorkerConfig, mark: str) -> str:
    """Return the text of the configuration, in the notation of Cap'n Proto."""
    disk = "inMemory = void" if config.storage is None else 'localDisk = "disk"'
    services = ['(name = "main", worker = .main)', '(name = "harness", worker = .harness)', _INTERNET]
    if config.storage is not None:
        services.append(f'(name = "disk", disk = (path = {quote(str(config.storage))}, writable = true))')
    return "\n".join(
        [
            'using Workerd = import "/workerd/workerd.capnp";',
            "const config :Workerd.Config = (",
            f"  services = {_list(services)},",
            f'  sockets = [(name = "{SOCKET_NAME}", http = (), service = "harness")]',
            ");",
            "const main :Workerd.Worker = (",
            f"  modules = {_list(_modules(config.modules))},",
            f"  compatibilityDate = {quote(config.compatibility_date)},",
            f"  compatibilityFlags = {_list(map(quote, config.compatibility_flags))},",
            f"  bindings = {_list(_bindings(config))},",
            f"  durableObjectNamespaces = {_list(map(_namespace, config.classes))},",
            f"  durableObjectStorage = ({disk}),",
            '  streamingTails = ["harness"]',
            ");",
            "const harness :Workerd.Worker = (",
            '  modules = [(name = "pytest-durable-harness.js", esModule = embed "harness"),',
            '    (name = "pytest-durable-values.js", esModule = embed "values")],',
            f'  compatibilityDate = "{HARNESS_DATE}",',
            f"  compatibilityFlags = {_list(map(quote, _HARNESS_FLAGS))},",
            f"  bindings = {_list(_harness_bindings(config.classes, mark))}",
            ");",
            "const nowhere :Workerd.Worker = (",
            f'  modules = [(name = "nowhere.js", esModule = {quote(_NOWHERE)})],',
            f'  compatibilityDate = "{HARNESS_DATE}"',
            ");",
            "",
        ]
    )


def quote(text: str) -> str:
    """Return a text literal of the notation."""
    return '"' + "".join(_ESCAPES.get(letter) or _escaped(letter) for letter in text) + '"'


def _escaped(letter: str) -> str:
    if letter == "\0":
        raise ConfigurationError(
            "A name or variable holds the character NUL, which workerd's configuration cannot.\n\n"
            "Remove it, or encode the value, for example as JSON."
        )
    return f"\\x{ord(letter):02x}" if letter < " " or letter == "\x7f" else letter


def _list(items: "map[str] | list[str]") -> str:
    return "[" + ", ".join(items) + "]"


def _modules(modules: tuple[Module, ...]) -> list[str]:
    return [
        f'(name = {quote(module.name)}, {module.kind} = embed "module{number}")'
        for number, module in enumerate(modules)
    ]


def _bindings(config: WorkerConfig) -> list[str]:
    namespaces = [
        f"(name = {quote(binding.name)}, durableObjectNamespace = {quote(binding.class_name)})"
        for binding in config.bindings
    ]
    return namespaces + [_variable(name, value) for name, value in config.variables.items()]


def _variable(name: str, value: object) -> str:
    if isinstance(value, str):
        return f"(name = {quote(name)}, text = {quote(value)})"
    return f"(name = {quote(name)}, json = {quote(json.dumps(value))})"


def _namespace(durable_class: DurableClass) -> str:
    told = [
        f"className = {quote(durable_class.class_name)}",
        f"uniqueKey = {quote(durable_class.unique_key)}",
        f"enableSql = {str(durable_class.sql).lower()}",
    ]
    if durable_class.prevent_eviction:
        told.append("preventEviction = true")
    return f"({', '.join(told)})"


def _harness_bindings(classes: tuple[DurableClass, ...], mark: str) -> list[str]:
    objects = [
        f'(name = {quote("class:" + name)}, durableObjectNamespace = (className = {quote(name)}, serviceName = "main"))'
        for name in (durable_class.class_name for durable_class in classes)
    ]
    return [f'(name = "mark", text = {quote(mark)})', '(name = "main", service = "main")', *objects]


def _check(config: WorkerConfig) -> None:
    if not config.modules:
        raise ConfigurationError("A worker on the real platform needs at least one module, and there is none.")
    for module in config.modules:
        if module.kind not in MODULE_KINDS:
            raise ConfigurationError(
                f"{module.kind!r} is not a kind of module ({module.name}). Known: {', '.join(MODULE_KINDS)}."
            )
    names = {durable_class.class_name for durable_class in config.classes}
    for binding in config.bindings:
        if binding.class_name not in names:
            raise ConfigurationError(
                f"The binding {binding.name} names the class {binding.class_name}, which is not declared.\n\n"
                f"Declared classes: {', '.join(sorted(names)) or 'none'}."
            )
