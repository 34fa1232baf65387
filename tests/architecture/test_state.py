"""No module keeps anything: two hosts of one test, or two tests of one process, do not see each other."""

import ast
from collections.abc import Iterator

from support.sources import modules

#: What suspended coroutines of dead lives are kept in, so that Python never closes them (decisions 4.2).
EXCEPTION = ("_core/life.py", "_NEVER_RESUMED")

#: Calls that make something to be filled. ``frozenset``, ``MappingProxyType``, ``ContextVar`` and the like are values.
CONTAINERS = {"Counter", "OrderedDict", "bytearray", "count", "defaultdict", "deque", "dict", "list", "set"}
WEAK_CONTAINERS = {"WeakKeyDictionary", "WeakSet", "WeakValueDictionary"}

#: Methods that change a list, a dict or a set.
CHANGES = {"append", "appendleft", "clear", "extend", "insert", "pop", "popleft", "remove"}
CHANGES |= {"add", "discard", "setdefault", "update"}


def test_no_module_has_a_container_to_be_filled() -> None:
    found = {(path, name) for path, tree in modules() for name, value in _assigned(tree) if _is_to_be_filled(value)}

    assert found == {EXCEPTION}


def test_no_module_changes_a_container_of_its_own() -> None:
    found = {
        (path, name) for path, tree in modules() for name in {name for name, _ in _assigned(tree)} & set(_changed(tree))
    }

    assert found == {EXCEPTION}


def test_no_function_rebinds_a_name_of_its_module() -> None:
    found = [path for path, tree in modules() for node in ast.walk(tree) if isinstance(node, ast.Global)]

    assert found == []


def _assigned(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """Names that the module itself binds, with their values."""
    for node in tree.body:
        if isinstance(node, ast.Assign):
            yield from ((target.id, node.value) for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.AnnAssign) and node.value is not None and isinstance(node.target, ast.Name):
            yield node.target.id, node.value


def _is_to_be_filled(value: ast.expr) -> bool:
    """An empty container, or one made by a call: nobody makes those to look something up."""
    match value:
        case ast.List(elts=[]) | ast.Dict(keys=[]):
            return True
        case ast.Call(func=function, args=[]):
            return ast.unparse(function).rpartition(".")[2] in CONTAINERS | WEAK_CONTAINERS
    return False


def _changed(tree: ast.Module) -> Iterator[str]:
    """Names that some function of the module changes in place."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=method)) if method in CHANGES:
                yield name
            case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store() | ast.Del()):
                yield name
            case ast.AugAssign(target=ast.Name(id=name)):
                yield name
