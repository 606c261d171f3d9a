from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from naslib_proxydata.data.transforms import Normalise
from naslib_proxydata.errors import ConfigError, RunFolderError, TrainingError
from naslib_proxydata.runs.checkpoint import NAME
from naslib_proxydata.training.loop import AVERAGE_WEIGHTS, BEST_WEIGHTS, WEIGHTS
from naslib_proxydata.training.records import best_epoch, read_result
from tests.disks import fill, small_disk
from tests.training.fakes import (
    TRICKS,
    network_of,
    plain_network,
    settings_of,
    training_of,
    weights_of,
)


def test_a_network_learns_and_keeps_its_best_and_last_weights(tmp_path: Path) -> None:
    training = training_of(tmp_path, epochs=6, count=96)
    result = training.run()
    assert result.test is not None
    assert result.test.top1 > 60
    assert result.last.validation is not None
    assert result.last.training.loss < 1.2
    tops = [one.validation.top1 for one in result.records if one.validation]
    assert result.best_epoch == 1 + tops.index(max(tops))
    last = torch.load(tmp_path / WEIGHTS, weights_only=True)
    plain = network_of(training.learner.settings)
    plain.load_state_dict(last)  # into a network that is not made faster
    test = training.examples.test
    assert test is not None
    assert test.dataset.labels is not None
    statistics = training.examples.training.dataset.statistics
    images = Normalise(*statistics)(test.dataset.pixels(test.indices))
    with torch.no_grad():
        logits = plain.eval()(images)
    labels = torch.from_numpy(test.dataset.labels)
    assert float(F.cross_entropy(logits, labels)) == pytest.approx(result.test.loss, rel=1e-4)
    assert (tmp_path / BEST_WEIGHTS).is_file()
    assert read_result(result.plain()) == result


def test_steps_are_those_of_a_plain_loop() -> None:
    """SGD of torch on whole batches, without augmentation, with smoothed labels and clipping."""
    given = {"padding": 0, "flip": False, "epochs": 2, "label_smoothing": 0.1, "clip": 0.5}
    training = training_of(network=plain_network(), batch_size=200, **given)  # type: ignore[arg-type]
    ours = training.run()
    network, settings = plain_network(), training.learner.settings
    optimizer = torch.optim.SGD(
        network.parameters(), lr=0.05, momentum=0.9, nesterov=True, weight_decay=5e-4
    )
    part = training.examples.training
    images = Normalise(*part.dataset.statistics)(part.dataset.pixels(part.indices))
    assert part.dataset.labels is not None
    labels = torch.from_numpy(part.dataset.labels[part.indices])
    for epoch in range(2):
        optimizer.param_groups[0]["lr"] = 0.05 * (1 + math.cos(math.pi * epoch / 2)) / 2
        loss = F.cross_entropy(network(images), labels, label_smoothing=0.1)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), settings.clip or 0)
        optimizer.step()
        assert ours.records[epoch].training.loss == pytest.approx(float(loss.detach()), rel=1e-5)
    for one, other in zip(training.learner.weights, network.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("given", [{}, TRICKS], ids=["plain", "tricks"])
def test_a_training_that_stopped_goes_on_to_the_same_weights(
    tmp_path: Path, given: dict[str, float]
) -> None:
    size = 32 if given else 8

    def make(folder: Path) -> object:
        return training_of(folder, size=size, count=32, **given)  # type: ignore[arg-type]

    whole = make(tmp_path / "whole")
    expected = whole.run()  # type: ignore[attr-defined]

    class StoppedError(Exception):
        pass

    def stop(record: object) -> None:
        if record.epoch == 2:  # type: ignore[attr-defined]
            raise StoppedError

    first = make(tmp_path / "run")
    first.report = stop  # type: ignore[attr-defined]
    with pytest.raises(StoppedError):
        first.run()  # type: ignore[attr-defined]
    second = make(tmp_path / "run")
    found = second.run()  # type: ignore[attr-defined]
    ours, theirs = weights_of(second), weights_of(whole)  # type: ignore[arg-type]
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    assert found.test == expected.test
    assert found.test_of_average == expected.test_of_average
    assert [one.training for one in found.records] == [one.training for one in expected.records]


KILLED = """
import os, signal, sys
from pathlib import Path
import torch
torch.set_num_threads(1)
from tests.training.fakes import training_of
def end(record):
    if record.epoch == 3:
        os.kill(os.getpid(), signal.SIGKILL)
training = training_of(Path(sys.argv[1]), epochs=4)
training.report = end
training.run()
"""


def test_a_killed_training_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", KILLED, str(folder)], env=environment, check=False)
    assert done.returncode == -signal.SIGKILL
    second, whole = training_of(folder, epochs=4), training_of(epochs=4)
    assert (second.run().test, len(second.records)) == (whole.run().test, 4)
    ours, theirs = weights_of(second), weights_of(whole)
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_a_damaged_checkpoint_falls_back_to_the_one_before(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    expected = training_of().run()
    training_of(tmp_path).run()
    path = tmp_path / NAME
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    again = training_of(tmp_path)
    assert again.run().test == expected.test
    assert "is damaged" in caplog.text
    for one in tmp_path.glob("checkpoint*.pt"):
        one.write_bytes(b"nothing")
    with pytest.raises(RunFolderError, match="every checkpoint is damaged"):
        training_of(tmp_path).run()


def test_another_trainings_folder_is_refused(tmp_path: Path) -> None:
    training_of(tmp_path).run()
    other = training_of(tmp_path)
    other.identity = {"name": "another"}
    with pytest.raises(RunFolderError, match="holds another training: name differ"):
        other.run()


def test_a_training_that_diverges_says_where_and_keeps_what_was_good(tmp_path: Path) -> None:
    good = training_of(tmp_path, epochs=3, schedule="constant", learning_rate=0.05)
    good.run()
    kept = (tmp_path / NAME).read_bytes()
    worse = training_of(tmp_path, epochs=9, schedule="constant", learning_rate=1e30)
    with pytest.raises(TrainingError, match=r"in epoch 4 of 9; the state after epoch 3 is kept"):
        worse.run()
    assert (tmp_path / NAME).read_bytes() == kept
    with pytest.raises(TrainingError, match="no earlier state is kept"):
        training_of(epochs=1, schedule="constant", learning_rate=1e30, nesterov=False).run()


@pytest.mark.parametrize("share", ["validation", "test"])
def test_what_the_last_step_has_spoilt_is_no_result(tmp_path: Path, share: str) -> None:
    """The loss of a single batch is that before its step."""
    spoilt = training_of(tmp_path, epochs=1, batch_size=100, learning_rate=1e20)
    if share == "test":
        spoilt.examples = replace(spoilt.examples, validation=None)
    with pytest.raises(TrainingError, match=f"the loss on {share} images is nan"):
        spoilt.run()
    assert (tmp_path / NAME).exists() == (share == "test")


def test_a_dataset_smaller_than_a_batch_is_one_batch() -> None:
    result = training_of(count=16, batch_size=500, epochs=1).run()
    assert result.records[0].images == 12
    odd = training_of(count=60, batch_size=47, epochs=1).run()  # 48 images: 48, never 47 and 1
    assert odd.records[0].images == 48


def test_images_too_small_for_the_network_are_refused_before_anything() -> None:
    with pytest.raises(ConfigError, match=r"8 x 8 pixels do not fit.*second classifier"):
        training_of(auxiliary=0.4).run()
    with pytest.raises(ConfigError, match="crop_size 16 is larger than the images of 8 x 8"):
        training_of(resized_crop=(0.3, 1.0), crop_size=16).run()


def test_too_little_memory_is_not_told_of_the_images(monkeypatch: pytest.MonkeyPatch) -> None:
    training = training_of()

    def full(images: torch.Tensor) -> torch.Tensor:
        raise RuntimeError("CUDA out of memory")

    monkeypatch.setattr(training.learner.network, "forward", full)
    with pytest.raises(RuntimeError, match="out of memory"):
        training.run()


def test_the_average_is_tested_too() -> None:
    training = training_of(average=0.5)
    result = training.run()
    assert result.test_of_average is not None
    average = training.learner.average
    assert average is not None
    moved = weights_of(training)
    name = "head.4.weight"
    assert not torch.equal(moved[f"average module.{name}"], moved[name])


def test_crops_of_another_size_are_trained_and_tested() -> None:
    result = training_of(size=16, resized_crop=(0.3, 1.0), crop_size=12, epochs=2).run()
    assert result.test is not None
    assert math.isfinite(result.test.loss)


def test_without_validation_there_is_no_best_epoch() -> None:
    assert best_epoch(()) is None


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_16_bits_train_as_well(precision: str) -> None:
    exact = training_of(epochs=4).run()
    mixed = training_of(epochs=4, precision=precision).run()
    assert mixed.last.training.loss == pytest.approx(exact.last.training.loss, rel=0.1)
    assert mixed.last.training != exact.last.training


def test_settings_of_another_seed_are_another_training() -> None:
    assert training_of(seed=0).run().test != training_of(seed=1).run().test
    assert settings_of(seed=1).seed == 1


def test_a_full_disk_is_told_and_the_training_goes_on_afterwards(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 4096) as disk:
        folder = disk / "run"
        folder.mkdir()
        first = training_of(folder, epochs=3)
        first.report = lambda record: fill(disk) if record.epoch == 2 else None
        with pytest.raises(RunFolderError, match="No space left"):
            first.run()
        (disk / ".filling").unlink()
        second, whole = training_of(folder, epochs=3), training_of(epochs=3)
        assert second.run().test == whole.run().test
        ours, theirs = weights_of(second), weights_of(whole)
        assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_weights_are_those_of_the_network_that_is_used_afterwards(tmp_path: Path) -> None:
    """Without the second classifier, which is for training alone; and their average."""
    training = training_of(tmp_path, size=32, count=32, auxiliary=0.4, average=0.9, epochs=2)
    result = training.run()
    plain = network_of(settings_of(drop_path=0.1))  # the same space, without it
    for name in (WEIGHTS, BEST_WEIGHTS, AVERAGE_WEIGHTS):
        plain.load_state_dict(torch.load(tmp_path / name, weights_only=True))
    test = training.examples.test
    assert test is not None
    images = Normalise(*training.examples.training.dataset.statistics)(
        test.dataset.pixels(test.indices)
    )
    with torch.no_grad():
        hits = plain.eval()(images).argmax(1) == torch.from_numpy(test.dataset.labels)
    assert result.test_of_average is not None
    assert 100 * float(hits.double().mean()) == pytest.approx(result.test_of_average.top1)
