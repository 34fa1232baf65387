"""Where workerd is looked for, in which order, and what is said when it is nowhere."""

import pytest

from pytest_durable._hosts.workerd.binary import find_workerd, workerd_version
from pytest_durable.errors import ConfigurationError, WorkerdNotFoundError

NATIVE = b"\x7fELF and so on"
SCRIPT = b"#!/usr/bin/env node\n"


@pytest.fixture(autouse=True)
def linux(monkeypatch):
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr("platform.machine", lambda: "x86_64")


def put(path, content=NATIVE):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(0o755)
    return path


def test_the_option_wins_over_everything(tmp_path):
    told = put(tmp_path / "told")
    put(tmp_path / "node_modules/.bin/workerd")
    assert find_workerd(str(told), tmp_path, {"WORKERD": str(put(tmp_path / "variable"))}) == told


def test_the_option_is_relative_to_the_root(tmp_path):
    told = put(tmp_path / "bin/workerd")
    assert find_workerd("bin/workerd", tmp_path, {}) == told


def test_the_variable_wins_over_the_project(tmp_path):
    told = put(tmp_path / "variable")
    put(tmp_path / "node_modules/.bin/workerd")
    assert find_workerd(None, tmp_path, {"WORKERD": str(told)}) == told


@pytest.mark.parametrize(
    ("told", "environ", "who"), [("gone", {}, "--durable-workerd"), (None, {"WORKERD": "gone"}, "WORKERD")]
)
def test_a_wrong_place_is_an_error_and_nothing_else_is_tried(tmp_path, told, environ, who):
    put(tmp_path / "node_modules/.bin/workerd")
    with pytest.raises(ConfigurationError, match=f"There is no workerd at .*gone, where .*{who} says it is"):
        find_workerd(told, tmp_path, environ)


def test_the_nearest_node_modules_upward_wins(tmp_path):
    put(tmp_path / "node_modules/.bin/workerd")
    near = put(tmp_path / "a/node_modules/.bin/workerd")
    root = tmp_path / "a/b/c"
    root.mkdir(parents=True)
    assert find_workerd(None, root, {"PATH": ""}) == near


def test_the_package_of_the_worker_is_searched_before_the_project(tmp_path):
    put(tmp_path / "node_modules/.bin/workerd")
    near = put(tmp_path / "worker/node_modules/.bin/workerd")
    main = tmp_path / "worker/src/index.js"
    assert find_workerd(None, tmp_path, {"PATH": ""}, main) == near


def test_the_project_is_searched_after_the_package_of_the_worker(tmp_path):
    found = put(tmp_path / "project/node_modules/.bin/workerd")
    assert find_workerd(None, tmp_path / "project", {"PATH": ""}, tmp_path / "elsewhere/index.js") == found


def test_the_executable_is_preferred_to_its_launcher(tmp_path):
    put(tmp_path / "node_modules/.bin/workerd", SCRIPT)
    native = put(tmp_path / "node_modules/@cloudflare/workerd-linux-64/bin/workerd")
    assert find_workerd(None, tmp_path, {}) == native


def test_the_executable_behind_a_launcher_is_found_in_the_layout_of_pnpm(tmp_path):
    store = tmp_path / "node_modules/.pnpm/workerd@1/node_modules"
    script = put(store / "workerd/bin/workerd", SCRIPT)
    native = put(store / "@cloudflare/workerd-linux-64/bin/workerd")
    link = tmp_path / "node_modules/.bin/workerd"
    link.parent.mkdir(parents=True)
    link.symlink_to(script)
    assert find_workerd(None, tmp_path, {}) == native


def test_a_launcher_without_an_executable_is_taken_as_it_is(tmp_path):
    script = put(tmp_path / "node_modules/.bin/workerd", SCRIPT)
    assert find_workerd(None, tmp_path, {}) == script


def test_the_path_comes_last(tmp_path):
    found = put(tmp_path / "bin/workerd")
    root = tmp_path / "project"
    root.mkdir()
    assert find_workerd(None, root, {"PATH": str(found.parent)}) == found


def test_when_it_is_nowhere_the_message_names_every_place_and_the_way_to_get_it(tmp_path):
    with pytest.raises(WorkerdNotFoundError) as caught:
        find_workerd(None, tmp_path, {"PATH": ""})
    assert str(caught.value) == (
        "workerd was not found: neither --durable-workerd nor the variable WORKERD names it, no node_modules from "
        f"{tmp_path} upward has it, and it is not on the PATH.\n\n"
        "Install it in the project:  npm install workerd"
    )


def test_something_else_is_not_taken_for_workerd(tmp_path):
    with pytest.raises(
        WorkerdNotFoundError, match="is not workerd: expected `workerd VERSION` from --version, saw 'hello'"
    ):
        workerd_version(put(tmp_path / "workerd", b"#!/bin/sh\necho hello\n"))


def test_what_cannot_be_started_is_named(tmp_path):
    with pytest.raises(WorkerdNotFoundError, match="cannot be started"):
        workerd_version(tmp_path / "gone")


def test_the_version_is_a_date(platform):
    assert workerd_version(platform.executable).count("-") == 2
