"""The metrics of NASLib's evaluators, computed by us: NASLib's turn to nan unnoticed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from naslib_proxydata.ranking import kendall, spearman, top_retrieval

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def evaluate_scores(accuracies: ArrayLike, scores: ArrayLike) -> dict[str, Any]:
    """Compare scores with measured accuracies under NASLib's names of the metrics.

    Args:
        accuracies: In percent, shape (n,).
        scores: Higher is better, shape (n,).

    Returns:
        ``mae``, ``rmse``, ``pearson`` (absolute, as NASLib has it), ``spearman``,
        ``kendalltau``, ``kt_1dec`` and ``kt_2dec`` (of rounded scores), ``precision_10`` and
        ``precision_20`` (share of the best k by score that are among the best k by accuracy),
        ``top10_retrieval`` (share of the best tenth by accuracy that is in the best tenth by
        score, arXiv 2210.09459),
        ``full_ytest`` and ``full_testpred``.
    """
    measured = np.asarray(accuracies, dtype=np.float64)
    predicted = np.asarray(scores, dtype=np.float64)
    error = predicted - measured
    found: dict[str, Any] = {
        "mae": float(np.abs(error).mean()),
        "rmse": float(np.sqrt((error**2).mean())),
        "pearson": pearson(measured, predicted),
        "spearman": spearman(predicted, measured),
        "kendalltau": kendall(predicted, measured),
        "kt_2dec": kendall(predicted.round(2), measured),
        "kt_1dec": kendall(predicted.round(1), measured),
        "top10_retrieval": top_retrieval(predicted, measured),
        "full_ytest": measured.tolist(),
        "full_testpred": predicted.tolist(),
    }
    for k in (10, 20):
        found[f"precision_{k}"] = precision(measured, predicted, k)
    return found


def pearson(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Return the absolute linear correlation; 0 where one of the two does not vary."""
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return 0.0
    return float(abs(np.corrcoef(first, second)[0, 1]))


def precision(measured: NDArray[np.float64], predicted: NDArray[np.float64], k: int) -> float:
    """Return the share of the best k by score that are among the best k by accuracy.

    Equal values go in the order given. Where there are fewer than k, all are compared.
    """
    k = min(k, len(measured))
    best = set(np.argsort(-measured, kind="stable")[:k].tolist())
    return len(best & set(np.argsort(-predicted, kind="stable")[:k].tolist())) / k
