"""The optimizers that come with the package, registered like anyone's."""

from __future__ import annotations

from collections.abc import Sequence

from naslib_proxydata.hookspecs import Registration, hookimpl

_ROOM = "naslib_proxydata.evolution"


@hookimpl
def register_optimizers() -> Sequence[Registration]:
    """Offer the built-in optimizers."""
    return [
        Registration("random", f"{_ROOM}.random_search:RandomSearch", "independent draws"),
        Registration(
            "re",
            f"{_ROOM}.regularised_evolution:RegularisedEvolution",
            "regularised evolution: tournaments, and the oldest dies",
            "arXiv 1802.01548",
        ),
        Registration(
            "nsga2",
            f"{_ROOM}.nsga2:Nsga2",
            "NSGA-II: fitness against multiply-accumulates; needs pymoo",
            "doi 10.1109/4235.996017",
        ),
        Registration(
            "nao",
            f"{_ROOM}.nao:Nao",
            "NAO: climbs a predicted value in the codes of an encoder, and decodes",
            "arXiv 1808.07233",
        ),
    ]
