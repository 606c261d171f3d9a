"""Texts of architectures as anybody may hand them in: refused in a sentence, or read back alike."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from naslib_proxydata import plugins
from naslib_proxydata.errors import ArchitectureError
from naslib_proxydata.seeding import numpy_generator
from tests.damage import damaged, many_copies, refused

LOADED = plugins.load()
SPACES = tuple(LOADED.names("spaces"))
HUGE = "9" * 5000
CELL = "('none', 0), " * 8


@pytest.mark.parametrize("name", SPACES)
@many_copies
@given(data=st.data())
def test_damaged_texts(data: st.DataObject, name: str) -> None:
    space = LOADED.create("spaces", name)
    genuine = space.text(space.sample(numpy_generator(0, name)))
    text = data.draw(damaged(genuine.encode())).decode(errors="replace")
    architecture = refused(lambda: space.parse(text), f"texts of {name}")
    if architecture is not None:
        written = space.text(architecture)
        assert space.parse(written) == architecture
        assert space.hash(architecture) == space.hash(space.parse(written))
        assert space.params(architecture) >= 0


@pytest.mark.parametrize("name", SPACES)
@pytest.mark.parametrize(
    "text",
    [
        "",
        "\0",
        "\ud800",
        "\x1b[2J",
        "x" * 1_000_000,
        "(" * 100_000,
        "[" * 100_000,
        "{" * 100_000,
        '{"a":' * 100_000,
        "-" * 15_000 + "1",
        HUGE,
        "1e999",
        "|" * 100_000,
        f"16_16-{HUGE}_1_1_16-1_2_1_1_16_16-1_3_1_1_1_16_16_16-1_4_1_1_1_1_16_16_16_16-16",
        f"Genotype(normal=[{CELL}], normal_concat=range(2, 10**12), reduce=[{CELL}], "
        "reduce_concat=range(2, 6))",
        f"Genotype(normal=[{CELL}], normal_concat=range(2, 1000000000), reduce=[{CELL}], "
        "reduce_concat=range(2, 6))",
        "Genotype(normal=" + "[" * 90 + "]" * 90 + ", normal_concat=[2], reduce=[], "
        "reduce_concat=[2])",
        '{"depth":1' + "0" * 30 + ',"width":16,"genotype":{}}',
        '{"block_type":"vanilla_block","bot_muls":[],"ds":[1,1' + "0" * 30 + ',1,1],"num_gs":[],'
        '"ss":[1,1,2,2],"ws":[16,16,16,16]}',
        '{"block_type":"resnext_block","bot_muls":[1,1' + "0" * 400 + ',1,1],"ds":[1,1,1,1],'
        '"num_gs":[1,1,1,1],"ss":[1,1,2,2],"ws":[16,16,16,16]}',
    ],
    ids=lambda text: repr(text[:24]),
)
def test_hostile_texts(name: str, text: str) -> None:
    space = LOADED.create("spaces", name)
    assert refused(lambda: space.parse(text), f"texts of {name}") is None


@pytest.mark.parametrize("key", ["width", "depth"])
def test_a_network_that_nobody_can_count_is_refused(key: str) -> None:
    """10 ** 9 cells took minutes to count; a table of them stalled at its first query."""
    space = LOADED.create("spaces", "nds-darts")
    text = space.text(space.sample(numpy_generator(0, "nds-darts")))
    start = text.index(f'"{key}":') + len(key) + 3
    end = min(place for place in (text.find(",", start), text.find("}", start)) if place > 0)
    with pytest.raises(ArchitectureError, match=rf"{key} must be .* at most"):
        space.parse(f"{text[:start]}{10**9}{text[end:]}")
