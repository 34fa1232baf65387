"""What the process is told to run."""

import pytest

from pytest_durable._core.errors import ConfigurationError
from pytest_durable._hosts.workerd.config import ClassBinding, DurableClass, Module, WorkerConfig, quote, render_config
from pytest_durable._hosts.workerd.modules import collect_modules

MAIN = Module(name="main.js", content=b"")
PROBE = DurableClass(class_name="Probe", unique_key="probe")


def test_quoting_escapes_what_the_notation_would_misread():
    assert quote('a"b\\c\nd\x01☃') == '"a\\"b\\\\c\\nd\\x01☃"'


def test_a_nul_is_refused():
    with pytest.raises(ConfigurationError, match="NUL"):
        quote("a\0b")


def test_without_a_directory_everything_is_in_memory():
    text = render_config(WorkerConfig(modules=(MAIN,), classes=(PROBE,)), "mark")
    assert "durableObjectStorage = (inMemory = void)" in text


def test_a_binding_of_an_undeclared_class_is_refused(start):
    with pytest.raises(ConfigurationError, match=r"The binding B names the class Other, which is not declared\."):
        start(bindings=(ClassBinding(name="B", class_name="Other"),))


def test_a_kind_of_module_that_does_not_exist_is_refused(start):
    with pytest.raises(ConfigurationError, match="'python' is not a kind of module"):
        start(modules=(Module(name="x", content=b"", kind="python"),))


def test_a_worker_in_memory_forgets_with_its_process(start):
    machine = start(storage=None)
    machine.call("put", "key", 1)
    assert machine.call("read", "key") == 1


def write(root, **texts):
    for name, text in texts.items():
        path = root / name.replace("__", "/").replace("_js", ".js").replace("_txt", ".txt")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_modules_are_found_through_relative_imports(tmp_path):
    write(
        tmp_path,
        main_js='import { a } from "./lib/a.js";\nexport * from "./b.js"\nawait import("./c.js");',
        lib__a_js='import "../b.js"; import text from "./words.txt";',
        lib__words_txt="words",
        b_js='import "./main.js"; // import "./gone.js"',
        c_js="",
        unused_js="",
    )
    modules = collect_modules(tmp_path / "main.js")
    assert [module.name for module in modules] == ["main.js", "lib/a.js", "b.js", "c.js", "lib/words.txt"]
    assert [module.kind for module in modules] == ["esModule"] * 4 + ["text"]


def test_modules_outside_the_root_are_left_out(tmp_path):
    write(tmp_path, out_js="", project__main_js='import "../out.js";')
    assert [module.name for module in collect_modules(tmp_path / "project/main.js")] == ["main.js"]


def test_modules_beside_the_directory_of_the_main_one_come_along_within_the_root(tmp_path):
    write(
        tmp_path,
        out_js="",
        project__src__main_js='import "../lib/a.js"; import "../../out.js";',
        project__lib__a_js='import "../src/b.js";',
        project__src__b_js="",
    )
    modules = collect_modules(tmp_path / "project/src/main.js", tmp_path / "project")
    assert [module.name for module in modules] == ["src/main.js", "lib/a.js", "src/b.js"]


def test_a_main_module_outside_the_root_brings_what_is_in_its_directory(tmp_path):
    write(tmp_path, other__main_js='import "./lib/a.js"; import "../out.js";', other__lib__a_js="", out_js="")
    modules = collect_modules(tmp_path / "other/main.js", tmp_path / "project")
    assert [module.name for module in modules] == ["main.js", "lib/a.js"]


def test_python_is_refused(tmp_path):
    (tmp_path / "entry.py").write_text("")
    with pytest.raises(ConfigurationError, match=r"entry\.py is a Python module, and the real platform runs"):
        collect_modules(tmp_path / "entry.py")


def test_typescript_is_refused_with_a_way_to_compile_it(tmp_path):
    (tmp_path / "main.ts").write_text("")
    with pytest.raises(ConfigurationError, match=r"not a JavaScript module.*\n\nCompile it first"):
        collect_modules(tmp_path / "main.ts")


def test_a_main_module_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(ConfigurationError, match=r"There is no module .*gone\.js"):
        collect_modules(tmp_path / "gone.js")
