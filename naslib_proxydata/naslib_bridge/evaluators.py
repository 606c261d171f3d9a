"""NASLib's two evaluators of predictors, with metrics that do not turn to nan."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from naslib_proxydata.naslib_bridge.importing import naslib, require_arguments
from naslib_proxydata.naslib_bridge.metrics import evaluate_scores

PredictorEvaluator: Any = naslib("naslib.defaults.predictor_evaluator:PredictorEvaluator")
ZeroCostPredictorEvaluator: Any = naslib(
    "naslib.evaluators.zc_evaluator:ZeroCostPredictorEvaluator"
)
require_arguments(PredictorEvaluator.compare, ("ytest", "test_pred"), "PredictorEvaluator.compare")
require_arguments(
    ZeroCostPredictorEvaluator.single_evaluate, ("test_data",), "its method single_evaluate"
)


class ProxyPredictorEvaluator(PredictorEvaluator):  # type: ignore[misc]
    """NASLib's ``PredictorEvaluator`` with our metrics."""

    def compare(self, ytest: Any, test_pred: Any) -> dict[str, Any]:
        """Return :func:`metrics.evaluate_scores` of the two."""
        return evaluate_scores(ytest, test_pred)


class ProxyZeroCostEvaluator(ZeroCostPredictorEvaluator):  # type: ignore[misc]
    """NASLib's ``ZeroCostPredictorEvaluator`` with our metrics, and without its data loaders.

    Args:
        predictor: A :class:`predictors.ProxyPredictor`, which has images of its own.
        config: NASLib's configuration.
        log_results: Write ``scores.json``, as in NASLib.
    """

    def __init__(self, predictor: Any, config: Any = None, log_results: bool = True) -> None:
        super().__init__(predictor, {}, True, config, log_results)

    def load_dataset(self, load_labeled: bool = False, data_size: int = 10) -> list[Any]:
        """Draw architectures as NASLib's search space does, and query their accuracies."""
        hashes, accuracies = [], []
        for _ in range(data_size):
            graph = self.search_space.clone()
            graph.sample_random_architecture(
                dataset_api=self.dataset_api, load_labeled=load_labeled
            )
            hashes.append(graph.get_hash())
            accuracies.append(graph.query(self.metric, self.dataset, dataset_api=self.dataset_api))
        return [hashes, accuracies, [], []]

    def single_evaluate(self, test_data: Any, zc_api: Any = None) -> None:
        """Score the architectures and add the metrics to the results."""
        hashes, accuracies = test_data[0], test_data[1]
        started = time.perf_counter()
        scores = self.predictor.query(list(hashes))
        seconds = time.perf_counter() - started
        found = evaluate_scores(np.asarray(accuracies), scores)
        self.results.append({**found, "query_time": seconds / len(hashes)})

    def evaluate(self, zc_api: Any = None) -> Any:
        """Draw, score and compare, as NASLib does."""
        return super().evaluate(zc_api)
