"""A scoring pass that is cut off goes on, and ends as one that was not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from naslib_proxydata.data.arrays import ArrayDataset
from naslib_proxydata.data.loader import Batch
from naslib_proxydata.selection.scorers import passes, scoring
from naslib_proxydata.selection.scorers.base import Scorer
from naslib_proxydata.selection.scorers.context import ScoringContext
from naslib_proxydata.selection.scorers.inference import penultimate_features, score_outputs
from naslib_proxydata.selection.scorers.passes import ScoringPass, default_batch_size
from naslib_proxydata.selection.scorers.scoring import cache_key, score_dataset


def dataset(count: int = 53, side: int = 4) -> ArrayDataset:
    images = np.random.default_rng(0).integers(0, 256, (count, 3, side, side), np.uint8)
    return ArrayDataset("toy", images, np.arange(count) % 3)


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(48, 5), nn.ReLU(), nn.Linear(5, 3))


class StopError(Exception):
    """What cuts a pass off."""


def cut_off(after: int) -> Callable[[Batch], Tensor]:
    """Return a computation that gives indices and fails at its batch ``after``."""
    seen = []

    def compute(batch: Batch) -> Tensor:
        seen.append(len(batch.indices))
        if len(seen) > after:
            raise StopError
        return batch.indices.double()

    return compute


@pytest.mark.parametrize("seconds", [0.0, 1e9])
def test_a_pass_goes_on_after_the_last_whole_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    """Whether a part is written after each batch, or only when the pass is cut off."""
    monkeypatch.setattr(passes, "SECONDS_BETWEEN_PARTS", seconds)
    told: list[tuple[str, int, int]] = []
    how = ScoringPass(4, tmp_path / "parts", lambda *how_far: told.append(how_far))
    with pytest.raises(StopError):
        how.rows(dataset(), "cpu", cut_off(after=5))
    sizes: list[int] = []

    def compute(batch: Batch) -> Tensor:
        sizes.append(len(batch.indices))
        return batch.indices.double()

    rows = how.rows(dataset(), "cpu", compute)
    assert rows.tolist() == list(range(53))
    # The first batch shows that it is the same pass; 20 of 53 were there; the last takes one more.
    assert sizes == [4, *[4] * 7, 5]
    assert told[5] == ("scoring", 24, 53)
    assert told[-1] == ("scoring", 53, 53)
    assert not (tmp_path / "parts").exists()


def test_scores_and_features_are_those_of_one_pass(tmp_path: Path) -> None:
    data, model = dataset(), network()
    images = (data.images / 255 - torch.tensor(data.statistics[0]).view(-1, 1, 1)) / torch.tensor(
        data.statistics[1]
    ).view(-1, 1, 1)
    with torch.no_grad():
        hidden = model[:3](images)
        logits = model(images)
    first = score_outputs(model, data, lambda out, labels: out[:, 0], "cpu", ScoringPass(7))
    np.testing.assert_allclose(first, logits[:, 0], rtol=1e-5, atol=1e-6)
    features = penultimate_features(model, data, "cpu", ScoringPass(7, tmp_path / "parts"))
    assert features.dtype == np.float32
    np.testing.assert_allclose(features, hidden, rtol=1e-5, atol=1e-6)


def test_what_another_pass_kept_is_not_used(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As where a scorer makes two passes with one folder, or its code has changed."""
    how = ScoringPass(4, tmp_path / "parts")
    for other in (lambda batch: -batch.indices.double(), lambda batch: batch.images.flatten(1)):
        with pytest.raises(StopError):
            how.rows(dataset(), "cpu", _failing_at_the_end(other))
        assert how.rows(dataset(), "cpu", cut_off(99)).tolist() == list(range(53))
        assert "keeps rows of another pass" in caplog.text
        caplog.clear()


def _failing_at_the_end(compute: Callable[[Batch], Tensor]) -> Callable[[Batch], Tensor]:
    def failing(batch: Batch) -> Tensor:
        if 52 in batch.indices:
            raise StopError
        return compute(batch)

    return failing


@pytest.mark.parametrize("part", [0, 1, 4])
def test_a_pass_goes_on_before_a_damaged_part(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    part: int,
) -> None:
    monkeypatch.setattr(passes, "SECONDS_BETWEEN_PARTS", 0.0)
    how = ScoringPass(4, tmp_path / "parts")
    with pytest.raises(StopError):
        how.rows(dataset(), "cpu", cut_off(after=5))
    damaged = sorted((tmp_path / "parts").iterdir())[part]
    content = damaged.read_bytes()
    damaged.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    begun: list[int] = []

    def compute(batch: Batch) -> Tensor:
        begun.append(int(batch.indices[0]))
        return batch.indices.double()

    assert how.rows(dataset(), "cpu", compute).tolist() == list(range(53))
    assert f"{damaged} is damaged" in caplog.text
    assert 4 * part in begun[:2]


def test_a_pass_on_a_full_disk_goes_on_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(passes, "SECONDS_BETWEEN_PARTS", 0.0)
    monkeypatch.setattr(os, "fsync", full)
    how = ScoringPass(4, tmp_path / "parts")
    rows = how.rows(dataset(), "cpu", lambda batch: batch.indices.double())
    assert rows.tolist() == list(range(53))
    assert caplog.text.count("No space left on device") == 1
    with pytest.raises(StopError):  # an interruption is not hidden by the disk
        how.rows(dataset(), "cpu", cut_off(after=5))


def test_batches_of_large_images_are_smaller() -> None:
    assert default_batch_size(dataset(side=64)) == 500
    assert default_batch_size(dataset(4, side=224)) == 40  # 500 x 64 x 64 / 224^2 = 40.8


class Sums(Scorer):
    name = "sums"

    def compute(self, context: ScoringContext) -> NDArray[np.float64]:
        return context.scoring_pass.rows(
            context.dataset, context.device, lambda batch: batch.images.double().sum((1, 2, 3))
        )


class Vectors(Sums):
    name = "vectors"
    gives = "features"

    def compute(self, context: ScoringContext) -> NDArray[np.float64]:
        return context.scoring_pass.rows(
            context.dataset, context.device, lambda batch: batch.images.flatten(1)
        )


def test_the_batch_size_of_a_user_is_part_of_the_key(tmp_path: Path) -> None:
    context = ScoringContext(dataset(), tmp_path)
    assert cache_key(Sums(), context) != cache_key(Sums(), replace(context, batch_size=8))


def test_features_that_do_not_fit_into_memory_are_kept_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ScoringContext(dataset(), tmp_path)
    small = score_dataset(Vectors(), context)
    monkeypatch.setattr(scoring, "IN_MEMORY", 100)
    elsewhere = replace(context, cache=tmp_path / "elsewhere")
    for _ in range(2):
        large = score_dataset(Vectors(), elsewhere)
        assert isinstance(large, np.memmap)
        np.testing.assert_array_equal(large, small)
    assert [path.suffix for path in (tmp_path / "elsewhere" / "scores").iterdir()] == [".npy"]


PROGRAM = """
import sys, time
import numpy as np
from naslib_proxydata.selection.scorers import passes
from tests.selection.scorers.test_passes import dataset
passes.SECONDS_BETWEEN_PARTS = 0
def compute(batch):
    time.sleep(0.05)
    return batch.images.double().sum((1, 2, 3))
rows = passes.ScoringPass(4, passes.Path(sys.argv[1])).rows(dataset(400), "cpu", compute)
np.save(sys.argv[2], rows)
"""


def test_a_pass_that_was_killed_ends_as_one_that_was_not(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "parts"), str(tmp_path / "out.npy")]
    root = str(Path(__file__).parents[3])
    environment = {**os.environ, "PYTHONPATH": root}
    running = subprocess.Popen(command, env=environment, cwd=root)
    while len(list(tmp_path.glob("parts/0*.npy"))) < 5:
        assert running.poll() is None
        time.sleep(0.02)
    running.send_signal(signal.SIGKILL)
    running.wait()
    assert not (tmp_path / "out.npy").exists()
    begun: list[int] = []

    def compute(batch: Batch) -> Tensor:
        begun.append(int(batch.indices[0]))
        return batch.images.double().sum((1, 2, 3))

    rows = ScoringPass(4, tmp_path / "parts").rows(dataset(400), "cpu", compute)
    assert begun[0] == 0  # looked at again
    assert begun[1] >= 20
    whole = ScoringPass(4).rows(dataset(400), "cpu", compute)
    assert rows.tobytes() == whole.tobytes()
