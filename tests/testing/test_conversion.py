"""The built-in conversions pass the contract, and bad ones fail it."""

from __future__ import annotations

from typing import Any

import pytest

from naslib_proxydata import plugins
from naslib_proxydata.errors import ArchitectureError
from naslib_proxydata.naslib_bridge.conversions import Conversion
from naslib_proxydata.naslib_bridge.nasbench201 import NasBench201
from naslib_proxydata.testing import ConversionContract

FOUND = plugins.load()


class TestConversions(ConversionContract):
    @pytest.fixture(params=FOUND.names("naslib-graphs"))
    def conversion(self, request: pytest.FixtureRequest) -> Conversion:
        return FOUND.create("naslib-graphs", request.param)


class Backwards(NasBench201):
    """Numbers the edges in another order one way than the other."""

    def hash(self, text: str) -> tuple[int, ...]:
        return super().hash(text)[::-1]


class Unhashable(NasBench201):
    def hash(self, text: str) -> Any:
        return list(super().hash(text))


class PlainIntegersOnly(NasBench201):
    def text(self, found: Any) -> str:
        if any(type(code) is not int for code in found):
            raise ArchitectureError("expected integers")
        return super().text(found)


class RefusesAll(NasBench201):
    def hash(self, text: str) -> tuple[int, ...]:
        raise ArchitectureError("NASLib has no such cell")


class OneForAll(NasBench201):
    def hash(self, text: str) -> tuple[int, ...]:
        super().hash(text)
        return (0,) * 6


class OtherWords(Conversion):
    """Has texts that its space does not read."""

    name = "other-words"
    space = "nb201"

    def text(self, found: Any) -> str:
        return str(found)

    def hash(self, text: str) -> Any:
        return text.replace("nor_conv", "conv")


class OtherSpace(NasBench201):
    space = "nb101"


@pytest.mark.parametrize(
    ("conversion", "test"),
    [
        (Backwards, "test_hashes_lead_back_to_the_text"),
        (RefusesAll, "test_hashes_lead_back_to_the_text"),
        (Unhashable, "test_hashes_tell_architectures_apart"),
        (OneForAll, "test_hashes_tell_architectures_apart"),
        (PlainIntegersOnly, "test_takes_integers_of_numpy"),
        (OtherWords, "test_texts_are_of_the_space"),
        (OtherSpace, "test_has_the_names_of_graph_and_space"),
    ],
)
def test_bad_conversions_are_caught(conversion: type[Conversion], test: str) -> None:
    contract = ConversionContract()
    space = FOUND.create("spaces", "nb201")
    with pytest.raises((AssertionError, ArchitectureError)):
        getattr(contract, test)(conversion(), space)


def test_whatever_is_taken_for_a_hash_is_caught() -> None:
    with pytest.raises(pytest.fail.Exception):
        ConversionContract().test_refuses_what_is_no_hash(OtherWords(), "nonsense")
    with pytest.raises(pytest.fail.Exception):
        ConversionContract().test_refuses_what_is_no_text(OtherWords(), "nonsense")


def test_the_good_one_passes_what_the_bad_ones_fail() -> None:
    contract = ConversionContract()
    space = FOUND.create("spaces", "nb201")
    for name in dir(contract):
        if name.startswith("test_") and "refuses" not in name:
            getattr(contract, name)(NasBench201(), space)
