from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.cluster import KMeans

from naslib_proxydata.errors import SelectionError
from naslib_proxydata.selection.base import SelectorInputs
from naslib_proxydata.selection.prototypes import PrototypesSelector, prototype_distances


def three_directions() -> np.ndarray:  # type: ignore[type-arg]
    """Vectors near three axes, of very different lengths, and one between two of the axes."""
    generator = np.random.default_rng(0)
    near = np.repeat(np.eye(3), 60, axis=0) + generator.normal(0, 0.02, (180, 3))
    lengths = generator.uniform(0.1, 100, (180, 1))
    return np.concatenate([near * lengths, [[5.0, 5.0, 0.0]]])


def test_distances_are_those_to_scikit_learns_centres() -> None:
    features = three_directions()
    found = prototype_distances(features, 3, np.random.default_rng(0))
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    centres = KMeans(3, n_init=10, random_state=0).fit(unit).cluster_centers_
    expected = cdist(features, centres, "cosine").min(1)
    np.testing.assert_allclose(found, expected, atol=0.01)
    assert found.argmax() == 180
    assert found[180] == pytest.approx(1 - 0.5**0.5, abs=0.03)


def test_the_farthest_or_the_nearest_are_kept() -> None:
    inputs = SelectorInputs(181, features=three_directions())
    hard = PrototypesSelector(3).select(inputs, 1, np.random.default_rng(0))
    assert hard.tolist() == [180]
    easy = PrototypesSelector(3, keep="lowest").select(inputs, 180, np.random.default_rng(0))
    assert easy.tolist() == list(range(180))


def test_odd_features_and_wrong_settings() -> None:
    zeros = SelectorInputs(4, features=np.zeros((4, 2)))
    assert len(PrototypesSelector().select(zeros, 2, np.random.default_rng(0))) == 2
    with pytest.raises(SelectionError, match="clusters must be a whole number"):
        PrototypesSelector(0)
    with pytest.raises(SelectionError, match="keep must be"):
        PrototypesSelector(keep="middle")  # type: ignore[arg-type]
