from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from naslib_proxydata.errors import ArchitectureError, NaslibError
from naslib_proxydata.naslib_bridge.architectures import SPACES, bridged
from naslib_proxydata.seeding import numpy_generator
from naslib_proxydata.spaces.darts.space import Darts
from naslib_proxydata.spaces.nb201.space import NasBench201


def test_nb201_follows_naslibs_numbers() -> None:
    one = SPACES["nasbench201"]
    # NASLib: 0 skip, 1 none, 2 3x3, 3 1x1, 4 pool on the edges 0-1, 0-2, 0-3, 1-2, 1-3, 2-3
    text = "|skip_connect~0|+|none~0|nor_conv_1x1~1|+|nor_conv_3x3~0|avg_pool_3x3~1|skip_connect~2|"
    assert one.text((0, 1, 2, 3, 4, 0)) == text
    assert one.text(tuple(np.int64(code) for code in (0, 1, 2, 3, 4, 0))) == text
    assert one.hash(text) == (0, 1, 2, 3, 4, 0)


@pytest.mark.parametrize(
    ("kind", "space"), [("nasbench201", NasBench201()), ("nasbench301", Darts())]
)
def test_conversions_are_inverse(kind: str, space: Any) -> None:
    generator = numpy_generator(0, "test")
    converted = 0
    for _ in range(60):
        text = space.text(space.sample(generator))
        try:
            found = bridged(kind).hash(text)
        except ArchitectureError:
            assert "none" in text  # NASLib's DARTS space has no such operation
            continue
        assert bridged(kind).text(found) == text
        converted += 1
    assert converted > 5


def test_darts_follows_naslibs_numbers() -> None:
    cell = ((0, 3), (1, 3), (0, 0), (2, 1), (1, 2), (3, 4), (2, 5), (4, 6))
    text = bridged("nasbench301").text((cell, cell))
    assert text.startswith("Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('max_pool")
    assert bridged("nasbench301").hash(text) == (cell, cell)
    with pytest.raises(ArchitectureError, match="compact form"):
        bridged("nasbench301").text((cell, ((0, 9),) * 8))


def test_unknown_spaces_are_named() -> None:
    with pytest.raises(NaslibError, match="'asr'"):
        bridged("asr")
