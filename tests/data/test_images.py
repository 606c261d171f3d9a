from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from naslib_proxydata.data.images import load_images
from naslib_proxydata.errors import DatasetError


@pytest.mark.parametrize("source", ["photos", "noise", "digits"])
def test_draws_are_repeatable_diverse_and_prefix_stable(source: str) -> None:
    batch = load_images(source, 16, seed=3)
    assert batch.pixels.shape == (16, 3, 32, 32)
    assert batch.pixels.dtype == torch.float32
    assert 0 <= float(batch.pixels.min()) < float(batch.pixels.max()) <= 1
    assert sorted(batch.labels[:10].tolist()) == list(range(10))
    assert batch.num_classes == 10
    assert load_images(source, 16, seed=3).fingerprint == batch.fingerprint
    assert load_images(source, 16, seed=4).fingerprint != batch.fingerprint
    longer = load_images(source, 40, seed=3)
    assert torch.equal(longer.first(16), batch.pixels)
    assert longer.mean == batch.mean


def test_where_a_file_lies_does_not_decide_what_is_drawn(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (40, 3, 8, 8), dtype=np.uint8)
    drawn = []
    for folder in (tmp_path / "here", tmp_path / "there"):
        folder.mkdir()
        np.savez(folder / "mine.npz", images=images, labels=np.arange(40) % 4)
        drawn.append(load_images(f"npz:{folder / 'mine.npz'}", 12, seed=0).fingerprint)
    drawn.append(load_images(str(tmp_path / "here" / "mine.npz"), 12, seed=0).fingerprint)
    assert len(set(drawn)) == 1


def test_photographs_are_crops_at_their_own_scale() -> None:
    from sklearn.datasets import load_sample_images

    batch = load_images("photos", 3, seed=0)
    crop = np.rint(255 * batch.pixels[0].numpy()).astype(np.uint8).transpose(1, 2, 0)
    windows = [
        np.lib.stride_tricks.sliding_window_view(photo[:, :, 0], (32, 32))
        for photo in load_sample_images().images
    ]
    assert any((window == crop[:, :, 0]).all((2, 3)).any() for window in windows)


def test_normalised_digits_have_zero_mean_and_unit_deviation() -> None:
    batch = load_images("digits", 1797, seed=0, size=8)
    normal = batch.normalise(batch.pixels)
    assert float(normal.mean()) == pytest.approx(0, abs=1e-5)
    assert float(normal.std()) == pytest.approx(1, abs=1e-3)


def test_too_many_or_unknown_are_refused() -> None:
    with pytest.raises(DatasetError, match="holds 1797"):
        load_images("digits", 2000, seed=0)
    with pytest.raises(DatasetError, match="Did you mean 'digits'"):
        load_images("digit", 2, seed=0)
    with pytest.raises(DatasetError, match="at least 1"):
        load_images("photos", 0, seed=0)
