from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from naslib_proxydata.errors import ConfigError
from naslib_proxydata.naslib_bridge.settings import read_block


class Node(dict[str, Any]):
    """A dict whose keys are attributes, like NASLib's CfgNode."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        super().__init__(
            {key: Node(one) if isinstance(one, Mapping) else one for key, one in values.items()}
        )

    def __getattr__(self, name: str) -> Any:
        if name not in self:
            raise AttributeError(name)
        return self[name]


def config(block: Any = None, top: Any = None) -> Node:
    values: dict[str, Any] = {"dataset": "cifar10", "search": {"seed": 1}}
    if block is not None:
        values["search"]["proxy_data"] = block
    if top is not None:
        values["proxy_data"] = top
    return Node(values)


FULL = {
    "selector": {"name": "entropy-p1", "fraction": 0.1, "scores": "entropy.txt"},
    "bdp": {"preset": "to-4-percent", "class_balance": True},
    "predictor": {"name": "eproxy", "preset": "nb201"},
    "observers": ["tensorboard", {"other": {"every": 2}}],
    "plugins": ["my_plugin.py"],
    "no_plugins": ["broken"],
}


def test_the_block_of_the_documentation() -> None:
    block = read_block(config(FULL))
    assert block is not None
    assert block.selector is not None
    assert str(block.selector.scores) == "entropy.txt"
    assert block.bdp is not None
    assert block.bdp.schedule == "to-4-percent"
    assert block.predictor is not None
    assert block.predictor.options == {"preset": "nb201"}
    assert [path.name for path in block.plugins] == ["my_plugin.py"]
    assert block.observers == {"tensorboard": {}, "other": {"every": 2}}
    assert block.no_plugins == ("broken",)


def test_a_pruner_is_named_with_its_options() -> None:
    block = read_block(config({"pruner": {"name": "random", "ratios": [0.2, 0.1]}}))
    assert block is not None
    assert block.chosen_pruner is not None
    assert block.chosen_pruner.name == "random"
    assert block.chosen_pruner.options == {"ratios": [0.2, 0.1]}


def test_bdp_is_short_for_a_pruner() -> None:
    block = read_block(config({"bdp": {"fraction": 0.5}}))
    assert block is not None
    assert block.chosen_pruner is not None
    assert block.chosen_pruner.name == "bdp"
    assert block.chosen_pruner.options == {
        "schedule": 0.5,
        "class_balance": True,
        "weights_drops": "low",
        "architecture_drops": "high",
    }


def test_it_may_stand_at_the_top_but_not_twice() -> None:
    block = read_block(config(top={"bdp": {"fraction": 0.5}}))
    assert block is not None
    assert block.bdp is not None
    assert block.bdp.schedule == 0.5
    with pytest.raises(ConfigError, match=r"search\.proxy_data and proxy_data, not both"):
        read_block(config({}, {}))


@pytest.mark.parametrize("block", [None, {"enabled": False}, {"enabled": False, **FULL}])
def test_absent_or_off(block: Any) -> None:
    assert read_block(config(block)) is None


def test_a_configuration_without_search() -> None:
    assert read_block(SimpleNamespace()) is None


@pytest.mark.parametrize(
    ("block", "message"),
    [
        ({"selctor": {"name": "random", "fraction": 1}}, "'selctor'.*mean 'selector'"),
        ({"selector": {"name": "random", "fractoin": 1}}, "'selector.fractoin'.*mean 'fraction'"),
        ({"selector": {"name": "random"}}, "either fraction or size"),
        ({"selector": {"name": "random", "fraction": 2}}, r"selector\.fraction.*got 2"),
        ({"bdp": {"preset": "to-4-percent", "fraction": 0.1}}, "either preset or fraction"),
        ({"bdp": {"weights_drops": "middle"}}, "'low' or 'high'"),
        ({"selector": {"name": "random", "size": 9}, "selection": "a.npz"}, "either selector or"),
        ({"pruner": "bdp", "bdp": {"fraction": 0.5}}, "either pruner or bdp"),
        ({"prunner": "bdp"}, "'prunner'.*mean 'pruner'"),
        ("random", "must hold keys with values"),
    ],
)
def test_mistakes_are_named(block: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read_block(config(block))


EXAMPLES = sorted((Path(__file__).parents[2] / "docs" / "examples" / "naslib").glob("*.yaml"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_the_examples_are_right(example: Path) -> None:
    assert read_block(Node(yaml.safe_load(example.read_text()))) is not None


def test_there_are_examples() -> None:
    assert len(EXAMPLES) == 4
