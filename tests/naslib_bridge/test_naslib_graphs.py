"""The built-in conversions against NASLib's own graphs, networks and texts."""

# ruff: noqa: E402  (NASLib is imported after it was found to import)
from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.naslib_bridge.naslib_setup import require_naslib

require_naslib()

from nasbench_pytorch.model import ModelSpec
from naslib.search_spaces import (
    NasBench101SearchSpace,
    NasBench201SearchSpace,
    NasBench301SearchSpace,
    TransBench101SearchSpaceMacro,
)
from naslib.search_spaces.nasbench101.conversions import convert_tuple_to_spec
from naslib.search_spaces.nasbench201.conversions import convert_op_indices_to_str
from naslib.search_spaces.transbench101.conversions import (
    convert_op_indices_macro_to_model,
    convert_op_indices_macro_to_str,
    convert_op_indices_micro_to_str,
)

from naslib_proxydata.naslib_bridge import make_predictor
from naslib_proxydata.naslib_bridge.architectures import bridged
from naslib_proxydata.plugins import load
from naslib_proxydata.seeding import numpy_generator

PLUGINS = load()
GRAPHS = {
    "nasbench101": NasBench101SearchSpace,
    "nasbench201": NasBench201SearchSpace,
    "nasbench301": NasBench301SearchSpace,
    "transbench101_macro": TransBench101SearchSpaceMacro,
}
EXAMPLE = Path(__file__).parents[2] / "docs/examples/naslib-proxydata-example/src"


def drawn(kind: str, count: int = 10) -> list[tuple[str, Any]]:
    """Return texts of our space with their hashes."""
    one = bridged(kind, PLUGINS)
    space = PLUGINS.create("spaces", one.space)
    generator = numpy_generator(1, "test", kind)
    texts = [space.text(space.sample(generator)) for _ in range(count)]
    return [(text, one.hash(text)) for text in texts]


def parameters(network: Any) -> int:
    return sum(one.numel() for one in network.parameters() if one.requires_grad)


def test_every_conversion_is_compared_with_its_graph() -> None:
    assert set(GRAPHS) == set(PLUGINS.names("naslib-graphs"))
    assert {kind: graph().get_type() for kind, graph in GRAPHS.items()} == {k: k for k in GRAPHS}


@pytest.mark.parametrize("kind", [kind for kind in GRAPHS if kind != "nasbench301"])
def test_naslibs_graphs_take_our_hashes(kind: str) -> None:
    for text, found in drawn(kind):
        graph = GRAPHS[kind]()
        graph.instantiate_model = False
        graph.set_spec(found)
        assert bridged(kind, PLUGINS).text(graph.get_hash()) == text


@pytest.mark.parametrize("kind", ["nasbench201", "nasbench301", "transbench101_macro"])
def test_what_naslib_draws_is_of_our_space(kind: str) -> None:
    np.random.seed(0)  # noqa: NPY002  (NASLib draws from the global generators)
    random.seed(0)
    one = bridged(kind, PLUGINS)
    space = PLUGINS.create("spaces", one.space)
    graph = GRAPHS[kind]()
    graph.instantiate_model = False
    for _ in range(10):
        graph.sample_random_architecture(dataset_api=None)
        text = one.text(graph.get_hash())
        assert space.text(space.parse(text)) == text
        assert one.hash(text) == tuple(graph.get_hash())


def test_nb201_has_naslibs_own_text() -> None:
    for text, found in drawn("nasbench201", 40):
        assert convert_op_indices_to_str(found) == text


def test_nb101_is_naslibs_cell() -> None:
    space = PLUGINS.create("spaces", "nb101")
    operations = ["conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3"]
    for text, found in drawn("nasbench101", 40):
        spec = convert_tuple_to_spec(found)
        theirs = ModelSpec(spec["matrix"], spec["ops"])
        theirs.matrix = theirs.matrix.numpy()  # its hash adds up arrays, and it keeps a tensor
        assert theirs.hash_spec(operations) == space.hash(space.parse(text))


def test_transnas_macro_is_naslibs_skeleton() -> None:
    space = PLUGINS.create("spaces", "transnas-macro")
    for text, found in drawn("transbench101_macro", 40):
        assert convert_op_indices_macro_to_str(found) == text
    for text, found in drawn("transbench101_macro", 3):
        network = convert_op_indices_macro_to_model(found, "class_scene")
        assert space.params(space.parse(text), num_classes=63) == parameters(network)


def test_the_example_of_the_documentation_is_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLE))
    from naslib_proxydata_example.conversion import TransBench101Micro

    for codes in np.random.default_rng(0).integers(4, size=(40, 6)):
        text = TransBench101Micro().text(codes)
        assert text == convert_op_indices_micro_to_str(codes)
        assert TransBench101Micro().hash(text) == tuple(codes)


@pytest.mark.parametrize("kind", ["nasbench101", "transbench101_macro"])
def test_predictors_score_naslibs_graphs(kind: str) -> None:
    predictor = make_predictor("params", kind)
    space = predictor.predictor.task.space
    for text, found in drawn(kind, 3):
        graph = GRAPHS[kind]()
        graph.instantiate_model = False
        graph.set_spec(found)
        assert predictor.query(graph) == space.params(space.parse(text))
