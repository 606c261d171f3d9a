"""Neural architecture search on a fraction of the data and the cost, as a plugin.

Importing the package is cheap on purpose: each name below is imported when it is first used
(PEP 562), and torch, matplotlib and scikit-learn by the room that needs them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from naslib_proxydata.api.dps import dps
    from naslib_proxydata.api.evolve import evolve
    from naslib_proxydata.api.experiment import experiment
    from naslib_proxydata.api.lookup import predictor, selector, space, table
    from naslib_proxydata.api.rank import rank
    from naslib_proxydata.api.score import score
    from naslib_proxydata.api.search import search
    from naslib_proxydata.api.select import select
    from naslib_proxydata.api.train import train
    from naslib_proxydata.hookspecs import Registration, hookimpl
    from naslib_proxydata.ranking import kendall, ndcg, spearman, top_retrieval

    __version__: str

_MODULES = {
    "dps": "api.dps",
    "evolve": "api.evolve",
    "experiment": "api.experiment",
    "hookimpl": "hookspecs",
    "kendall": "ranking",
    "ndcg": "ranking",
    "predictor": "api.lookup",
    "rank": "api.rank",
    "Registration": "hookspecs",
    "score": "api.score",
    "search": "api.search",
    "select": "api.select",
    "selector": "api.lookup",
    "space": "api.lookup",
    "spearman": "ranking",
    "table": "api.lookup",
    "top_retrieval": "ranking",
    "train": "api.train",
}

__all__ = [
    "Registration",
    "__version__",
    "dps",
    "evolve",
    "experiment",
    "hookimpl",
    "kendall",
    "ndcg",
    "predictor",
    "rank",
    "score",
    "search",
    "select",
    "selector",
    "space",
    "spearman",
    "table",
    "top_retrieval",
    "train",
]


def __getattr__(name: str) -> Any:
    """Import a name when it is first asked for."""
    if name == "__version__":
        from naslib_proxydata.version import installed_version

        return installed_version()
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value  # found at once the next time
    return value


def __dir__() -> list[str]:
    """Return the names that the package offers."""
    return sorted({*globals(), *__all__})
