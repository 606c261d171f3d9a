"""Our own selectors keep the contract that plugin authors are given."""

from __future__ import annotations

import pytest

from naslib_proxydata import plugins
from naslib_proxydata.selection.base import Selector
from naslib_proxydata.selection.plugin import register_selectors
from naslib_proxydata.testing.selector import SelectorContract


@pytest.mark.parametrize("name", [one.name for one in register_selectors()])
class TestBuiltIns(SelectorContract):
    @pytest.fixture
    def selector(self, name: str) -> Selector:
        options = {"clusters": 4} if name == "kmeans-outliers" else {}
        made = plugins.load().create("selectors", name, **options)
        assert isinstance(made, Selector)
        return made
