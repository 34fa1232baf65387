"""What an `App` means on the real platform: which module runs, with which classes, date, flags."""

from pathlib import Path

import pytest
from workers import DurableObject

from pytest_durable import App, WorkerdHost
from pytest_durable._core.isolate import ClassObject, ClassPath
from pytest_durable._core.runtime import DEFAULT_COMPATIBILITY_DATE
from pytest_durable._hosts.deployment import DeclaredClass
from pytest_durable._hosts.workerd.script import ScriptDeployment, check_script_class, deploy_script
from pytest_durable.errors import ConfigurationError
from support.workerd import Platform

CONFIG = """{
  "name": "shop", "main": "./src/index.js", "compatibility_date": "2026-05-01", "compatibility_flags": ["nodejs_als"],
  "durable_objects": {"bindings": [{"name": "CART", "class_name": "Basket"}]},
  "vars": {"STAGE": "test", "PRICE": 7},
}"""

TOML = """
name = "shop"
main = "src/index.js"
compatibility_date = "2026-05-01"
vars = { STAGE = "test", PRICE = 7 }
durable_objects.bindings = [{ name = "CART", class_name = "Basket" }]
"""
SHOP = """
import { DurableObject } from "cloudflare:workers";
export class Basket extends DurableObject {
  async price() {
    const others = [...await this.ctx.storage.list()].length;
    return { stage: this.env.STAGE, price: this.env.PRICE, others };
  }
}
export default { fetch(request, env) { return new Response(`shop in ${env.STAGE}`); } };
"""


class Counter(DurableObject):
    pass


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose configuration is not in its root."""
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "wrangler.jsonc").write_text(CONFIG, encoding="utf-8")
    return tmp_path


def refused(app: App, root: Path) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        deploy_script(app, root)
    return str(caught.value).replace(f"{root}/", "").splitlines()


def bindings(deployment: ScriptDeployment) -> list[tuple[str, str, str]]:
    """Binding, path and unique key of each class."""
    found: list[tuple[str, str, str]] = []
    for each in deployment.namespaces:
        assert isinstance(each.target, ClassPath)
        found.append((each.binding, f"{each.target.module}:{each.target.class_name}", each.key))
    return found


# The main module.


def test_an_application_that_names_nothing_waits_for_the_first_namespace(tmp_path: Path) -> None:
    deployment = deploy_script(App(), tmp_path)

    assert deployment.main is None
    assert check_script_class(ClassPath("worker.js", "Counter"), tmp_path, None) == tmp_path / "worker.js"


def test_the_main_module_is_looked_up_from_the_root(tmp_path: Path) -> None:
    assert deploy_script(App(main="src/index.js"), tmp_path).main == tmp_path / "src" / "index.js"
    assert deploy_script(App(main=Path("/elsewhere/index.js")), tmp_path).main == Path("/elsewhere/index.js")


def test_the_path_of_a_class_names_the_main_module(tmp_path: Path) -> None:
    deployment = deploy_script(App(classes=["worker.js:Counter"]), tmp_path)

    assert deployment.main == tmp_path / "worker.js"
    assert bindings(deployment) == [("COUNTER", "worker.js:Counter", "Counter")]


def test_the_same_module_may_be_written_in_several_ways(tmp_path: Path) -> None:
    app = App(main="./src/../worker.js", classes=["worker.js:Counter"], bindings={"LAMPS": "./worker.js:Lamp"})

    assert bindings(deploy_script(app, tmp_path)) == [
        ("COUNTER", "worker.js:Counter", "Counter"),
        ("LAMPS", "./worker.js:Lamp", "Lamp"),
    ]


def test_a_second_main_module_is_refused(tmp_path: Path) -> None:
    assert refused(App(classes=["one.js:Counter", "two.js:Lamp"]), tmp_path) == [
        "The class Lamp is looked for in another module than the main one.",
        "",
        "  main module  one.js",
        "  asked for    two.js",
        "",
        "The platform finds classes among the exports of the main module: export it there, too.",
    ]


def test_a_python_class_is_refused(tmp_path: Path) -> None:
    assert refused(App(classes=[Counter]), tmp_path) == [
        "Counter is a Python class, and the real platform runs JavaScript.",
        "",
        '  expected  the path of a class, such as "worker.js:Counter", or the name of a binding',
        f"  actual    {Counter!r}",
        "",
        "Let durable_app return another App for this host; see docs/how-to/real-platform.md",
    ]


def test_a_python_class_of_a_namespace_is_refused_too(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="Counter is a Python class"):
        check_script_class(ClassObject(Counter), tmp_path, tmp_path / "worker.js")


# A configuration.


def test_paths_in_a_configuration_count_from_where_it_is(project: Path) -> None:
    deployment = deploy_script(App(config="shop/wrangler.jsonc"), project)

    assert deployment.main == project / "shop" / "src" / "index.js"
    assert deployment.namespaces == (
        DeclaredClass(target=ClassPath("shop/src/index.js", "Basket"), binding="CART", unique_key="shop-Basket"),
    )


def test_a_configured_class_can_be_checked_like_any_other(project: Path) -> None:
    deployment = deploy_script(App(config="shop/wrangler.jsonc"), project)

    [declared] = deployment.namespaces

    assert check_script_class(declared.target, project, deployment.main) == project / "shop/src/index.js"


def test_variables_of_the_configuration_are_shown_and_the_test_wins(project: Path) -> None:
    app = App(config="shop/wrangler.jsonc", vars={"STAGE": "mine"}, bindings={"MAIL": "smtp://x"})

    assert deploy_script(app, project).values == {"STAGE": "mine", "PRICE": 7, "MAIL": "smtp://x"}


def test_classes_of_the_test_come_besides_those_of_the_configuration(project: Path) -> None:
    app = App(config="shop/wrangler.jsonc", classes=["shop/src/index.js:Probe"])

    assert bindings(deploy_script(app, project)) == [
        ("CART", "shop/src/index.js:Basket", "shop-Basket"),
        ("PROBE", "shop/src/index.js:Probe", "Probe"),
    ]


def test_a_class_outside_the_configured_main_module_is_refused(project: Path) -> None:
    app = App(config="shop/wrangler.jsonc", classes=["probe.js:Probe"])

    assert refused(app, project)[0] == "The class Probe is looked for in another module than the main one."


def test_a_main_module_of_the_test_takes_the_place_of_the_configured_one(project: Path) -> None:
    deployment = deploy_script(App(config="shop/wrangler.jsonc", main="shop/dist/index.js"), project)

    assert deployment.main == project / "shop" / "dist" / "index.js"
    assert bindings(deployment) == [("CART", "shop/dist/index.js:Basket", "shop-Basket")]


def test_a_configuration_without_a_main_module_is_refused(project: Path) -> None:
    text = '{"durable_objects": {"bindings": [{"name": "CART", "class_name": "Basket"}]}}'
    (project / "wrangler.jsonc").write_text(text, encoding="utf-8")

    assert refused(App(config="wrangler.jsonc"), project) == [
        "The configuration wrangler.jsonc has no main module, where the platform looks for its classes.",
        "",
        'Name it there:  "main": "src/index.js"',
        'or in the test: App(config=…, main="src/index.js")',
    ]


def test_a_configuration_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert refused(App(config="wrangler.jsonc"), tmp_path) == [
        "The configuration wrangler.jsonc cannot be read: No such file or directory.",
        "",
        "A path counts from pytest's rootdir; without pytest, from the current directory.",
    ]


def test_a_worker_imports_from_anywhere_in_the_project(platform: Platform, tmp_path: Path) -> None:
    for directory in ("src", "lib"):
        (tmp_path / directory).mkdir()
    (tmp_path / "lib" / "price.js").write_text("export const price = 7;", encoding="utf-8")
    (tmp_path / "src" / "index.js").write_text(
        'import { price } from "../lib/price.js";\nexport default { fetch() { return new Response(`${price}`); } };',
        encoding="utf-8",
    )

    async def main(durable: WorkerdHost) -> str:
        return await (await durable.fetch("https://shop.example/")).text()

    app = App(main="src/index.js")
    assert WorkerdHost.run_main(main, root=tmp_path, app=app, executable=str(platform.executable)) == "7"


def test_an_environment_of_the_configuration_is_chosen_by_its_name(platform: Platform, tmp_path: Path) -> None:
    (tmp_path / "worker.js").write_text(SHOP, encoding="utf-8")
    (tmp_path / "wrangler.toml").write_text(
        'name = "shop"\nmain = "worker.js"\n[vars]\nSTAGE = "local"\n[env.staging]\nvars = { STAGE = "staging" }\n'
        'durable_objects.bindings = [{ name = "CART", class_name = "Basket" }]\n',
        encoding="utf-8",
    )

    async def main(durable: WorkerdHost) -> tuple[object, str]:
        cart = durable.namespace("CART")
        return (await cart.get_by_name("a").price())["stage"], cart.unique_key

    app = App(config="wrangler.toml", environment="staging")
    found = WorkerdHost.run_main(main, root=tmp_path, app=app, executable=str(platform.executable))
    assert found == ("staging", "shop-staging-Basket")


def test_an_environment_without_a_configuration_is_refused(tmp_path: Path) -> None:
    assert refused(App(main="worker.js", environment="staging"), tmp_path) == [
        "There is no configuration that could have an environment 'staging'.",
        "",
        "Name it:  App(config=\"wrangler.jsonc\", environment='staging')",
    ]


# Date and flags.


def test_the_date_of_the_configuration_holds_unless_the_test_says_another(project: Path) -> None:
    assert deploy_script(App(config="shop/wrangler.jsonc"), project).compatibility_date == "2026-05-01"
    for said in ("2026-02-01", DEFAULT_COMPATIBILITY_DATE):
        other = App(config="shop/wrangler.jsonc", compatibility_date=said)
        assert deploy_script(other, project).compatibility_date == said


def test_the_flags_of_the_test_take_the_place_of_the_configured_ones(project: Path) -> None:
    assert deploy_script(App(config="shop/wrangler.jsonc"), project).compatibility_flags == ("nodejs_als",)
    for said in (["b"], []):
        other = App(config="shop/wrangler.jsonc", compatibility_flags=said)
        assert deploy_script(other, project).compatibility_flags == tuple(said)


def test_date_and_flags_without_a_configuration_are_those_of_the_test(tmp_path: Path) -> None:
    deployment = deploy_script(App(main="worker.js", compatibility_flags=["b"]), tmp_path)

    assert (deployment.compatibility_date, deployment.compatibility_flags) == ("2026-08-01", ("b",))


# What `env` shows.


@pytest.mark.parametrize("value", [b"bytes", {"a": {1}}, float("nan")])
def test_a_value_that_json_lacks_is_refused(tmp_path: Path, value: object) -> None:
    assert refused(App(main="worker.js", bindings={"MAIL": value}), tmp_path) == [
        "env.MAIL cannot be shown to a Worker on the real platform: its value is none of JSON's.",
        "",
        "  expected  a str, int, float, bool, None, or lists and dicts of those",
        f"  actual    {value!r}",
        "",
        "Let durable_app return another App for this host; see docs/how-to/real-platform.md",
    ]


# What turns out when it runs.


def on_the_platform(platform: Platform, root: Path, **said: object) -> list[str]:
    """What a first call of an application's class fails with."""

    async def main(durable: WorkerdHost) -> list[str]:
        counter = durable.namespace("COUNTER").get_by_name("a")
        with pytest.raises(ConfigurationError) as caught:
            await counter.add(1)
        return str(caught.value).replace(f"{root}/", "").splitlines()

    return WorkerdHost.run_main(main, root=root, executable=str(platform.executable), **said)


def test_a_main_module_that_is_not_there_is_told_at_the_first_call(platform: Platform, tmp_path: Path) -> None:
    app = App(classes=["worker.js:Counter"])

    assert on_the_platform(platform, tmp_path, app=app) == ["There is no module worker.js."]


def test_a_class_that_is_not_exported_is_told_at_the_first_call(platform: Platform, tmp_path: Path) -> None:
    (tmp_path / "worker.js").write_text(
        'import { DurableObject } from "cloudflare:workers"; class Counter extends DurableObject {}', encoding="utf-8"
    )

    assert on_the_platform(platform, tmp_path, app=App(classes=["worker.js:Counter"])) == [
        "The main module exports no class of objects Counter.",
        "",
        "  main module  worker.js",
        "  expected     export class Counter extends DurableObject { … }",
        "",
        "Export it there, or correct the name in the test or in the configuration.",
    ]


@pytest.mark.parametrize("name", ["wrangler.jsonc", "wrangler.toml"])
def test_a_configured_worker_runs_with_its_variables(platform: Platform, tmp_path: Path, name: str) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "index.js").write_text(SHOP, encoding="utf-8")
    (tmp_path / name).write_text(CONFIG if name.endswith("c") else TOML, encoding="utf-8")

    async def main(durable: WorkerdHost) -> object:
        basket = durable.namespace("CART")
        assert await basket.get_by_name("a").price() == {"stage": "test", "price": 7, "others": 0}
        response = await durable.fetch("https://shop.example/")
        assert await response.text() == "shop in test"
        return [path.name for path in sorted(durable.directory.iterdir())] if durable.directory else None

    found = WorkerdHost.run_main(main, root=tmp_path, executable=str(platform.executable), app=App(config=name))

    assert found == ["shop-Basket"]


def configured(root: Path, bindings: str) -> App:
    (root / "one.jsonc").write_text(
        f'{{"name": "shop", "main": "index.js", "durable_objects": {{"bindings": [{bindings}]}}}}', encoding="utf-8"
    )
    return App(config="one.jsonc")


def test_a_class_of_another_worker_is_refused(tmp_path: Path) -> None:
    binding = '{"name": "CART", "class_name": "Cart", "script_name": "carts"}'

    assert refused(configured(tmp_path, binding), tmp_path) == [
        "The binding CART in one.jsonc leads to a class of another Worker, carts.",
        "",
        "One Worker runs at a time. Test the object with the configuration of its own Worker.",
    ]


def test_a_class_with_two_bindings_is_refused(tmp_path: Path) -> None:
    bindings = '{"name": "A", "class_name": "Lamp"}, {"name": "B", "class_name": "Lamp"}'

    assert refused(configured(tmp_path, bindings), tmp_path) == [
        "The class Lamp has two bindings in one.jsonc: A and B.",
        "",
        "A test knows a class by one binding. Remove the other, or test with a configuration of its own.",
    ]


def test_other_workers_are_refused(project: Path) -> None:
    app = App(config="shop/wrangler.jsonc", workers=(App(config="shop/wrangler.jsonc"),))

    assert refused(app, project)[0] == (
        "Several Workers cannot run on the real platform here: App(workers=…) is for Python in this process."
    )
