"""Loading plugins: where they come from, what they offer, and how each mistake is told."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import types
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

import naslib_proxydata
from naslib_proxydata import hookspecs, plugins
from naslib_proxydata.errors import ArchitectureError, ConfigError, PluginError
from naslib_proxydata.hookspecs import BenchmarkRegistration, Registration, hookimpl
from naslib_proxydata.plugins import KINDS, Acting, Plugins, Provider
from naslib_proxydata.plugins.checks import resolve
from naslib_proxydata.spaces.base import SearchSpace

WriteFile = Callable[[str], Path]


@pytest.fixture
def plugin_file(tmp_path: Path) -> WriteFile:
    def write(source: str) -> Path:
        path = tmp_path / "mine.py"
        header = "from naslib_proxydata.hookspecs import Registration, hookimpl\n"
        path.write_text(header + textwrap.dedent(source))
        return path

    return write


def module(**functions: Any) -> types.ModuleType:
    made = types.ModuleType("made")
    vars(made).update(functions)
    return made


def add(found: Plugins, plugin: object, name: str = "stranger") -> None:
    found.add(plugin, Provider(name, "stranger-dist", "1.2"))


def act(found: Acting, actor: object, name: str = "stranger") -> None:
    found.add(name, actor, Provider(name, "stranger-dist", "1.2"))


def offering(*registrations: Any, hook: str = "register_predictors") -> types.ModuleType:
    def offer() -> Any:
        return list(registrations)

    return module(**{hook: hookimpl(offer)})


def told(call: Callable[..., Any], *arguments: Any, **options: Any) -> str:
    with pytest.raises(PluginError) as caught:
        call(*arguments, **options)
    return str(caught.value)


# ------------------------------------------------------------------------- where they come from


def test_builtins_are_registered_first_and_by_the_package() -> None:
    found = plugins.load()
    provider = found.provider("spaces", "nb201")
    assert provider.distribution == "naslib-proxydata"
    assert provider.version == naslib_proxydata.__version__
    assert found.providers()[0].distribution == "naslib-proxydata"


def test_every_room_with_a_plugin_file_is_loaded() -> None:
    ours = [one.plugin for one in plugins.load().providers() if "naslib_proxydata." in one.plugin]
    assert ours == sorted(ours)
    rooms = {name.split(".")[1] for name in ours}
    assert rooms >= {"spaces", "tables", "predictors", "selection"}


def test_every_builtin_factory_resolves() -> None:
    found = plugins.load()
    for kind in KINDS:
        for name in found.names(kind):
            factory = found.registration(kind, name).factory
            assert callable(resolve(factory, name)), (kind, name)


def test_loading_imports_nothing_heavy_and_nothing_that_only_tests_need() -> None:
    heavy = {"torch", "matplotlib", "sklearn", "scipy", "naslib", "pytest", "hypothesis"}
    program = (
        "import sys; from naslib_proxydata import plugins; plugins.load();"
        f"print({heavy} & set(sys.modules))"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert answer.stdout.strip() == "set()", answer.stderr


def test_a_file_adds_a_predictor(plugin_file: WriteFile) -> None:
    path = plugin_file("""
        @hookimpl
        def register_predictors():
            return [Registration("mine", "mine:Mine", "a predictor of this project")]
        """)
    found = plugins.load([path, path])
    assert found.registration("predictors", "mine").summary == "a predictor of this project"
    assert found.provider("predictors", "mine") == Provider(
        "mine", str(path.resolve()), is_file=True
    )
    assert found.names("predictors")[-1] == "mine"


def test_entry_points_of_two_distributions_come_between(
    plugin_file: WriteFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("first", "second"):
        info = tmp_path / f"{name}-1.0.dist-info"
        info.mkdir()
        info.joinpath("METADATA").write_text(f"Name: {name}\nVersion: 1.0\n")
        info.joinpath("entry_points.txt").write_text(
            f"[naslib_proxydata]\nplugin-{name} = module_{name}\n"
        )
        (tmp_path / f"module_{name}.py").write_text(
            "from naslib_proxydata.hookspecs import Registration, hookimpl\n"
            "@hookimpl\n"
            f"def register_selectors(): return [Registration('{name}', 'm:f', 'text')]\n"
        )
    monkeypatch.syspath_prepend(tmp_path)
    path = plugin_file("""
        @hookimpl
        def register_selectors():
            return [Registration("third", "m:f", "text")]
        """)
    found = plugins.load([path])
    assert found.names("selectors")[-3:] == ("first", "second", "third")
    assert found.provider("selectors", "second") == Provider("plugin-second", "second", "1.0")
    assert metadata.entry_points(group="naslib_proxydata")


def test_a_file_imports_its_siblings(plugin_file: WriteFile, tmp_path: Path) -> None:
    (tmp_path / "a_sibling_of_mine.py").write_text("NAME = 'mine'\n")
    path = plugin_file("""
        from a_sibling_of_mine import NAME
        @hookimpl
        def register_predictors():
            return [Registration(NAME, "mine:Mine", "text")]
        """)
    assert "mine" in plugins.load([path]).names("predictors")


def test_an_installed_plugin_is_left_out_by_either_of_its_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = tmp_path / "broken_dist-1.0.dist-info"
    info.mkdir()
    info.joinpath("METADATA").write_text("Name: broken-dist\nVersion: 1.0\n")
    info.joinpath("entry_points.txt").write_text("[naslib_proxydata]\nbroken = broken_module\n")
    (tmp_path / "broken_module.py").write_text("1 / 0\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert "--no-plugin broken leaves it out" in told(plugins.load)
    for name in ("broken", "broken-dist"):
        providers = plugins.load(without=[name]).providers()
        assert "broken-dist" not in {one.distribution for one in providers}
    with pytest.raises(ConfigError, match="Did you mean 'broken'"):
        plugins.load(without=["brokn"])


# --------------------------------------------------------------------------- how mistakes are told


def test_a_file_that_is_absent(tmp_path: Path) -> None:
    message = told(plugins.load, [tmp_path / "nowhere.py"])
    assert "nowhere.py" in message
    assert "no such file" in message


def test_a_file_that_is_not_python(tmp_path: Path) -> None:
    path = tmp_path / "plugin.yaml"
    path.write_text("a: 1")
    assert "ends with .py" in told(plugins.load, [path])


@pytest.mark.parametrize("line", ["1 / 0", "raise SystemExit(3)", "def broken(:", "import absent"])
def test_an_exception_at_import(plugin_file: WriteFile, line: str) -> None:
    message = told(plugins.load, [plugin_file(line)])
    assert "plugin 'mine'" in message
    assert "import failed" in message


def test_a_misspelt_hook() -> None:
    plugin = module(register_predictor=hookimpl(lambda: []))
    message = told(add, Plugins(), plugin)
    assert "plugin 'stranger' (stranger-dist 1.2)" in message
    assert "unknown hook 'register_predictor'" in message
    assert "Did you mean 'register_predictors'?" in message


def test_a_misspelt_hook_registered_past_our_checks_is_found_pending() -> None:
    found = Plugins()
    found.manager.register(module(epoch_ended=hookimpl(lambda: None)), "sly")
    assert "epoch_ended" in told(found.check_pending)


def test_a_wrong_signature() -> None:
    @hookimpl
    def epoch_finished(epoch: int, metric: dict[str, float]) -> None:
        raise AssertionError("never called")

    message = told(add, Plugins(), module(epoch_finished=epoch_finished))
    assert "plugin 'stranger'" in message
    assert "hook 'epoch_finished' has no argument 'metric'" in message
    assert "Did you mean 'metrics'?" in message
    assert "epoch_finished(epoch: 'int', metrics:" in message


def test_fewer_arguments_are_right() -> None:
    seen = []
    found = Acting()
    act(found, module(epoch_finished=hookimpl(lambda epoch: seen.append(epoch))))
    found.hook.epoch_finished(epoch=3, metrics={}, cell="c")
    assert seen == [3]


def test_a_hook_without_its_mark() -> None:
    message = told(add, Plugins(), module(register_spaces=lambda: []))
    assert "'register_spaces' is not marked" in message


def test_a_plugin_without_hooks() -> None:
    assert "implements no hook" in told(add, Plugins(), module())


def test_the_hookspecs_may_be_imported_by_a_plugin() -> None:
    found = Plugins()
    plugin = offering()
    plugin.register_spaces = hookspecs.register_spaces
    add(found, plugin)
    assert found.names("spaces") == ()


def test_a_duplicate_name_names_both_plugins() -> None:
    found = Plugins()
    add(found, offering(Registration("snip", "m:f", "one")), "alpha")
    message = told(add, found, offering(Registration("snip", "m:f", "two")), "beta")
    assert "plugin 'alpha'" in message
    assert "plugin 'beta'" in message
    assert "register_predictors" in message
    assert "'snip'" in message


def test_a_name_may_be_used_by_two_kinds() -> None:
    found = Plugins()
    add(found, offering(Registration("random", "m:f", "one")), "alpha")
    add(found, offering(Registration("random", "m:f", "two"), hook="register_selectors"), "beta")
    assert found.names("predictors") == found.names("selectors") == ("random",)


def test_two_plugins_of_one_name() -> None:
    found = Plugins()
    add(found, offering(), "alpha")
    assert "has the same name" in told(add, found, offering(), "alpha")


def test_an_exception_inside_a_registration_hook() -> None:
    @hookimpl
    def register_spaces() -> list[Registration]:
        raise RuntimeError("no licence")

    message = told(add, Plugins(), module(register_spaces=register_spaces))
    assert "plugin 'stranger'" in message
    assert "hook 'register_spaces' raised RuntimeError: no licence" in message


def test_an_exception_inside_a_lifecycle_hook_names_the_culprit_only() -> None:
    @hookimpl
    def search_finished(cell: str) -> None:
        raise RuntimeError(f"lost {cell}")

    found = Acting()
    act(found, module(search_finished=search_finished), "guilty")
    act(found, module(search_finished=hookimpl(lambda: None)), "innocent")
    message = told(found.hook.search_finished, cell="c", folder=None)
    assert "plugin 'guilty'" in message
    assert "innocent" not in message
    assert "hook 'search_finished' raised RuntimeError: lost c" in message


def test_errors_meant_for_the_user_pass_through_hooks() -> None:
    @hookimpl
    def search_finished(cell: str) -> None:
        raise ArchitectureError("bad cell")

    found = Acting()
    act(found, module(search_finished=search_finished))
    with pytest.raises(ArchitectureError, match=r"^bad cell$"):
        found.hook.search_finished(cell="c", folder=None)


@pytest.mark.parametrize(
    ("result", "complaint"),
    [
        (None, "returned None, expected a list of Registration"),
        ("snip", "returned str, expected a list"),
        ([("snip", "m:f")], r"returned ('snip', 'm:f') in its list"),
        ([Registration("Snip--2", "m:f", "t")], "'Snip--2' is not lower case"),
    ],
)
def test_a_wrong_result(result: Any, complaint: str) -> None:
    plugin = module(register_predictors=hookimpl(lambda: result))
    message = told(add, Plugins(), plugin)
    assert "plugin 'stranger' (stranger-dist 1.2): hook 'register_predictors'" in message
    assert complaint in message


def test_a_benchmark_needs_its_own_registration() -> None:
    plugin = offering(Registration("nb999", "m:f", "t"), hook="register_benchmarks")
    assert "expected a list of BenchmarkRegistration" in told(add, Plugins(), plugin)
    right = BenchmarkRegistration("nb999", "m:f", "t", space="nb201")
    add(Plugins(), offering(right, hook="register_benchmarks"))


# ------------------------------------------------------------------------------ making things


def predictor(value: float = 1.0) -> Any:
    from naslib_proxydata.predictors.base import Predictor

    class Constant(Predictor):
        name = "constant"

        def evaluate(self, architecture: Any) -> float:
            return value

    return Constant()


def offered(factory: Any) -> Plugins:
    found = Plugins()
    add(found, offering(Registration("constant", factory, "t")))
    return found


def test_create_calls_the_factory_with_the_options() -> None:
    made = offered(predictor).create("predictors", "constant", value=4.0)
    assert made.evaluate(None) == 4.0


def test_create_resolves_an_import_path() -> None:
    made = offered("tests.plugins.test_manager:predictor").create("predictors", "constant")
    assert made.evaluate(None) == 1.0


def aliased(name: str = "constant", *aliases: str) -> Registration:
    return Registration(name, predictor, "t", aliases=aliases)


def test_hyphens_and_underscores_stand_for_each_other() -> None:
    found = plugins.load()
    assert found.registration("predictors", "few_label_structure").name == "few-label-structure"
    assert found.offers("predictors", "jacob_cov")
    assert not found.offers("predictors", "jacobcov")


def test_an_alias_stands_for_the_registered_name() -> None:
    found = Plugins()
    add(found, offering(aliased("constant", "old_constant")))
    assert found.names("predictors") == ("constant",)
    assert found.registration("predictors", "old_constant").name == "constant"
    assert found.provider("predictors", "old_constant").plugin == "stranger"
    assert found.create("predictors", "old_constant", value=4.0).evaluate(None) == 4.0
    with pytest.raises(ConfigError, match=r"Did you mean 'constant'"):
        found.create("predictors", "old-constannt")


@pytest.mark.parametrize(
    ("first", "second", "taken"),
    [
        (aliased("one", "shared"), aliased("two", "shared"), "shared"),
        (aliased("one", "two"), aliased("two"), "two"),
        (aliased("one"), aliased("two", "one"), "one"),
    ],
)
def test_an_alias_that_is_taken_is_refused(
    first: Registration, second: Registration, taken: str
) -> None:
    complaint = told(add, Plugins(), offering(first, second))
    assert f"the name '{taken}' is already registered by plugin 'stranger'" in complaint


def test_an_alias_is_a_name_in_a_tuple() -> None:
    assert "'Old name' is not lower case" in told(
        add, Plugins(), offering(aliased("a", "Old name"))
    )
    letters = Registration("constant", predictor, "t", aliases="old")  # type: ignore[arg-type]
    assert "aliases are a tuple of names, got 'old'" in told(add, Plugins(), offering(letters))


def test_the_registry_is_handed_to_a_factory_that_asks_for_it() -> None:
    seen = []

    def factory(value: float = 1.0, plugins: Plugins | None = None) -> Any:
        seen.append(plugins)
        return predictor(value)

    found = offered(factory)
    assert found.create("predictors", "constant", value=2.0).evaluate(None) == 2.0
    assert seen == [found]
    with pytest.raises(ConfigError, match=r"unknown option 'plugins'.*Known: value\."):
        found.create("predictors", "constant", plugins=found)


def test_what_is_made_has_the_registered_name() -> None:
    found = Plugins()
    add(found, offering(Registration("steady", predictor, "t")))
    message = told(found.create, "predictors", "steady")
    assert "plugin 'stranger' (stranger-dist 1.2): predictor 'steady'" in message
    assert "calls itself 'constant'; expected name = 'steady'" in message


def test_what_is_made_is_typed_by_its_kind() -> None:
    """The type checker reads this file too: it needs no cast here."""
    space: SearchSpace[Any] = plugins.load().create("spaces", "nb201")
    assert space.name == "nb201"
    assert plugins.load().benchmark("nb201").space == "nb201"


def test_whether_a_name_is_offered() -> None:
    found = Plugins()
    add(found, offering(aliased("constant", "old_constant")))
    assert found.offers("predictors", "constant")
    assert found.offers("predictors", "old_constant")
    assert not found.offers("predictors", "konstant")
    assert not found.offers("selectors", "constant")


def test_an_actor_is_named_once_and_has_hooks() -> None:
    found = Acting()
    actor = module(search_finished=hookimpl(lambda: None))
    act(found, actor)
    assert "'stranger' acts already in this search" in told(act, found, actor)
    assert "implements no hook" in told(act, found, module(), "other")
    assert found.actors[0].plain() == {
        "name": "stranger",
        "options": {},
        "provided by": "stranger-dist 1.2",
    }


def test_an_unknown_name_names_the_closest() -> None:
    with pytest.raises(
        ConfigError, match=r"unknown predictor 'constent'\. Did you mean 'constant'"
    ):
        offered(predictor).create("predictors", "constent")


def test_an_unknown_kind_names_the_closest() -> None:
    with pytest.raises(ConfigError, match=r"unknown kind 'predictor'\. Did you mean 'predictors'"):
        Plugins().names("predictor")


def test_an_unknown_option_names_the_closest() -> None:
    with pytest.raises(ConfigError, match=r"option 'valu' in predictor 'constant'.*'value'"):
        offered(predictor).create("predictors", "constant", valu=4.0)


@pytest.mark.parametrize(
    ("factory", "complaint"),
    [
        ("absent_module:thing", "cannot be imported: ModuleNotFoundError"),
        ("naslib_proxydata.errors:absent", "cannot be imported: AttributeError"),
        ("naslib_proxydata:__version__", "is not callable"),
        ("math:gcd", "returned int, expected a naslib_proxydata.predictors.base:Predictor"),
        ("tests.plugins.test_manager:needs_more", "cannot be called with the options []"),
        ("tests.plugins.test_manager:breaks", "raised ZeroDivisionError"),
    ],
)
def test_a_factory_that_does_not_work(factory: str, complaint: str) -> None:
    message = told(offered(factory).create, "predictors", "constant")
    assert "plugin 'stranger' (stranger-dist 1.2)" in message
    assert factory in message
    assert complaint in message


def needs_more(anything: int) -> int:
    return anything


def breaks() -> float:
    return 1 / 0


def test_errors_meant_for_the_user_pass_through_factories() -> None:
    def refuse() -> None:
        raise ConfigError("learning_rate: should be positive")

    with pytest.raises(ConfigError, match=r"^learning_rate"):
        offered(refuse).create("predictors", "constant")


# --------------------------------------------------------------------------------- tracing


def test_tracing_writes_hook_calls(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(plugins.TRACE_VARIABLE, "1")
    found = Acting()
    act(found, module(epoch_finished=hookimpl(lambda epoch: None)))
    offered(predictor)
    found.hook.epoch_finished(epoch=7, metrics={}, cell="c")
    lines = capsys.readouterr().err
    assert "register_predictors" in lines
    assert "epoch: 7" in lines


@pytest.mark.parametrize("value", ["", "0"])
def test_tracing_is_off(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], value: str
) -> None:
    monkeypatch.setenv(plugins.TRACE_VARIABLE, value)
    offered(predictor)
    assert capsys.readouterr().err == ""
