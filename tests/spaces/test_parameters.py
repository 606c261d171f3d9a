"""Architectures as categorical parameters, and back."""

from __future__ import annotations

from typing import Any

import pytest

from naslib_proxydata import plugins
from naslib_proxydata.errors import ArchitectureError
from naslib_proxydata.seeding import numpy_generator
from naslib_proxydata.spaces.base import SearchSpace
from naslib_proxydata.spaces.common.listed import ROW, listed_parameters
from naslib_proxydata.spaces.common.parameters import Parameters

PLUGINS = plugins.load()
WITH = [
    name
    for name in PLUGINS.names("spaces")
    if PLUGINS.create("spaces", name).parameters() is not None
]


def made(name: str) -> tuple[SearchSpace[Any], Parameters[Any]]:
    space: SearchSpace[Any] = PLUGINS.create("spaces", name)
    parameters = space.parameters()
    assert parameters is not None
    return space, parameters


def test_the_usual_spaces_have_parameters() -> None:
    expected = {"nb201", "nb101", "transnas-micro", "transnas-macro", "darts", "nasbench-mr"}
    assert expected <= set(WITH)


@pytest.mark.parametrize("name", WITH)
def test_every_architecture_is_written_and_read_back(name: str) -> None:
    space, parameters = made(name)
    generator = numpy_generator(0, "parameters")
    for _ in range(20):
        architecture = space.sample(generator)
        values = parameters.values(architecture)
        assert all(value in parameters.choices[key] for key, value in values.items())
        assert space.hash(parameters.architecture(values)) == space.hash(architecture)


@pytest.mark.parametrize("name", WITH)
def test_any_combination_is_an_architecture_or_refused(name: str) -> None:
    space, parameters = made(name)
    generator = numpy_generator(1, "parameters")
    for _ in range(20):
        values = {
            key: choices[int(generator.integers(len(choices)))]
            for key, choices in parameters.choices.items()
        }
        try:
            architecture = parameters.architecture(values)
        except ArchitectureError:
            continue
        assert space.parse(space.text(architecture)) == architecture


@pytest.mark.parametrize(
    ("name", "count"), [("nb201", 5**6), ("transnas-micro", 4**6), ("nasbench-macro", 3**8)]
)
def test_there_are_as_many_combinations_as_architectures(name: str, count: int) -> None:
    product = 1
    for choices in made(name)[1].choices.values():
        product *= len(choices)
    assert product == count


def test_a_worked_cell() -> None:
    space, parameters = made("nb201")
    text = "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|avg_pool_3x3~0|none~1|nor_conv_1x1~2|"
    assert parameters.values(space.parse(text)) == {
        "edge_0_1": "nor_conv_3x3",
        "edge_0_2": "none",
        "edge_1_2": "skip_connect",
        "edge_0_3": "avg_pool_3x3",
        "edge_1_3": "none",
        "edge_2_3": "nor_conv_1x1",
    }


def test_a_worked_cell_of_few_vertices() -> None:
    space, parameters = made("nb101")
    values = parameters.values(space.parse("101:2"))  # input - pool - output
    there = [name for name, value in values.items() if value is True]
    assert there == ["edge_0_1", "edge_1_6"]
    assert values["vertex_1"] == "maxpool3x3"
    assert space.text(parameters.architecture(values)) == "101:2"


def test_what_is_wrong_is_named() -> None:
    _, parameters = made("nb201")
    values = dict.fromkeys(parameters.choices, "none")
    with pytest.raises(ArchitectureError, match="Did you mean 'nor_conv_3x3'"):
        parameters.architecture({**values, "edge_0_1": "conv_3x3"})
    del values["edge_1_2"]
    with pytest.raises(ArchitectureError, match="'edge_1_2' is absent; got edge_0_1"):
        parameters.architecture(values)


def test_a_place_in_a_list() -> None:
    space, _ = made("transnas-micro")
    texts = ["64-41414-1_02_333", "64-41414-3_12_103"]
    parameters = listed_parameters(space, texts)
    assert parameters.choices == {ROW: (0, 1)}
    assert space.text(parameters.architecture({ROW: 1})) == texts[1]
    assert parameters.values(space.parse(texts[1])) == {ROW: 1}
    with pytest.raises(ArchitectureError, match="none of the 2 to choose from"):
        parameters.values(space.parse("64-41414-0_00_000"))
    with pytest.raises(ArchitectureError, match="at least one"):
        listed_parameters(space, [])
