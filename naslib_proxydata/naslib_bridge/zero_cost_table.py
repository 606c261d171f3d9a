"""A stand-in for NASLib's ``zc_api``: scores of our predictors, without any of its downloads."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from naslib_proxydata.errors import NaslibError
from naslib_proxydata.naslib_bridge.architectures import bridged
from naslib_proxydata.runs.setup import load_plugins

if TYPE_CHECKING:
    from naslib_proxydata.naslib_bridge.predictors import ProxyPredictor
    from naslib_proxydata.plugins import Plugins
    from naslib_proxydata.tables.base import BenchmarkTable

_NUMPY = re.compile(r"np\.int\d+\((-?\d+)\)")
"""How numpy 2 spells an integer in a hash that NASLib has mutated."""


class ZeroCostApi(Mapping[str, Mapping[str, Any]]):
    """What NASLib reads of ``zc_<space>.json``, by the text of a graph's hash.

    A record is made when it is asked for: ``val_accuracy`` from the table, and for each predictor
    ``score`` and ``time`` in seconds. It goes to ``ZeroCostPredictorEvaluator(..., zc_api=api,
    use_zc_api=True)``, and with NASLib's key ``search.use_zc_api`` to Bananas and Npenas.

    Args:
        predictors: Each under its ``method_type``.
        table: Where accuracies are looked up.
        dataset: Of the table.
        metric: Of it; the dataset's default where None.
        architectures: Texts of those that are in it; the table's where None.
        kind: NASLib's name of the search space.
        plugins: Where conversions are registered; the built-in and installed ones where None.

    Raises:
        TableError: The table lacks the dataset or the metric.
    """

    def __init__(
        self,
        predictors: Sequence[ProxyPredictor],
        table: BenchmarkTable,
        dataset: str,
        *,
        metric: str | None = None,
        architectures: Sequence[str] | None = None,
        kind: str = "nasbench201",
        plugins: Plugins | None = None,
    ) -> None:
        self.predictors = {one.method_type: one for one in predictors}
        self.table = table
        self.column = dataset, metric or table.default_metric(dataset)
        table.require(*self.column)
        texts = table.architectures() if architectures is None else architectures
        to_hash = bridged(kind, plugins or load_plugins((), ())).hash
        self._texts = {str(to_hash(text)): text for text in texts}

    def __getitem__(self, key: str) -> Mapping[str, Any]:
        """Return the record of an architecture by ``str(graph.get_hash())``."""
        return self._record(self._texts[_plain(key)])

    def __contains__(self, key: object) -> bool:
        """Return whether there is a record, however numpy spells the hash."""
        return isinstance(key, str) and _plain(key) in self._texts

    def __iter__(self) -> Iterator[str]:
        """Yield the hashes as text, as NASLib evaluates them."""
        return iter(self._texts)

    def __len__(self) -> int:
        """Return the number of architectures."""
        return len(self._texts)

    def _record(self, text: str) -> Mapping[str, Any]:
        accuracy = self.table.query(text, *self.column)
        scores = _Scores({"val_accuracy": accuracy})
        for name, predictor in self.predictors.items():
            value = predictor.value(text)
            scores[name] = {"score": value, "time": predictor.scores[text].seconds}
        return scores


class _Scores(dict[str, Any]):
    """One record; says what it lacks."""

    def __missing__(self, name: str) -> Any:
        raise NaslibError(
            f"this zc_api has no scores of {name!r}, it holds {', '.join(self)}; give "
            f"zero_cost_api a predictor of that name, or change search.zc_names"
        )


def _plain(key: str) -> str:
    return _NUMPY.sub(r"\1", key)


def zero_cost_api(
    predictors: Sequence[ProxyPredictor], table: BenchmarkTable, dataset: str, **options: Any
) -> ZeroCostApi:
    """Return a stand-in for NASLib's ``zc_api``; see :class:`ZeroCostApi`."""
    return ZeroCostApi(predictors, table, dataset, **options)
