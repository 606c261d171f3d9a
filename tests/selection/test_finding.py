"""Which scorer serves which selector."""

from __future__ import annotations

import pytest

from naslib_proxydata import plugins
from naslib_proxydata.errors import ConfigError, SelectionError
from naslib_proxydata.selection.base import Selector
from naslib_proxydata.selection.scorers.finding import find_scorer

FOUND = plugins.load()


def test_a_selector_gets_its_own_scorer_or_the_named_one() -> None:
    made = {name: FOUND.create("selectors", name) for name in FOUND.names("selectors")}
    for selector in made.values():
        scorer = find_scorer(selector, FOUND)
        assert (scorer.name if scorer else "") == selector.scorer
        assert scorer is None or scorer.gives in selector.needs
    named = find_scorer(made["entropy-p1"], FOUND, "margin")
    assert named is not None
    assert named.name == "margin"
    plain = find_scorer(made["random"], FOUND, "pixels")
    assert plain is not None, "for a figure or a file, though the selector needs nothing"


def test_what_does_not_fit_is_refused() -> None:
    class Homeless(Selector):
        name = "homeless"
        needs = frozenset({"features"})

        def choose(self, *_: object) -> None:  # type: ignore[override]
            raise AssertionError

    with pytest.raises(SelectionError, match="'homeless' needs features; name a scorer"):
        find_scorer(Homeless(), FOUND)
    with pytest.raises(SelectionError, match="needs features, scorer 'entropy' gives scores"):
        find_scorer(Homeless(), FOUND, "entropy")
    with pytest.raises(ConfigError, match="Did you mean 'pixels'"):
        find_scorer(Homeless(), FOUND, "pixel")
    with pytest.raises(ConfigError, match="unknown option 'side'"):
        find_scorer(Homeless(), FOUND, "pixels", {"side": 3})
