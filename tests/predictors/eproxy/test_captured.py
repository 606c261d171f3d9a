"""Captured iterations, on a stand-in for a GPU whose graphs take real steps."""

from __future__ import annotations

import logging
from contextlib import nullcontext
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from naslib_proxydata.predictors.eproxy import captured
from naslib_proxydata.predictors.eproxy.captured import Recorder
from naslib_proxydata.predictors.eproxy.config import EproxyConfig
from naslib_proxydata.predictors.eproxy.training import Training


class Student(nn.Module):
    """One layer and one branch."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Conv2d(2, 3, 1)

    def forward(self, images):
        return [self.layer(images)]


class Images(SimpleNamespace):
    """Images that say that they are on a GPU."""


def training(iterations=10):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        student, images, goal = Student(), torch.rand(4, 2, 3, 3), torch.rand(4, 3, 3, 3)
    config = EproxyConfig(iterations=iterations, learning_rate=0.1)
    return Training(student, images, [goal], config, steady=True)


@pytest.fixture
def gpu(monkeypatch):
    """Let torch.cuda be one that captures by noting what a step does and undoing it."""
    now = SimpleNamespace(training=None, captures=0, replays=0, fails="")

    class Graph:
        def capture_begin(self, *pool):
            weights = [*now.training.optimizer.weights, *now.training.optimizer._kept]
            self.before = [(one, one.detach().clone()) for one in weights]
            now.pools = pool

        def capture_end(self):
            for one, old in self.before:
                one.data.copy_(old)
            if now.fails:
                raise RuntimeError("a capture that failed ended")
            now.captures += 1
            self.training, self.step = now.training, now.step

        def pool(self):
            return "pool"

        def replay(self):
            now.replays += 1
            now.errors.copy_(self.step())

    stream = SimpleNamespace(wait_stream=lambda other: None, synchronize=lambda: None)
    stand_in = SimpleNamespace(
        device=lambda device: nullcontext(),
        stream=lambda stream: nullcontext(),
        current_stream=lambda: stream,
        Stream=lambda: stream,
        CUDAGraph=Graph,
        OutOfMemoryError=torch.cuda.OutOfMemoryError,
    )
    monkeypatch.setattr(captured, "torch", SimpleNamespace(cuda=stand_in, stack=torch.stack))

    def run(recorder, one):
        now.training, now.step, taken = one, one.step, []

        def step():
            if now.fails and len(taken) == 1:
                taken.append(None)
                raise RuntimeError(now.fails)
            taken.append(now.step())
            if len(taken) == 2:
                now.errors = taken[1]
            return taken[-1]

        one.step = step
        pixels = one.images
        one.images = SimpleNamespace(device=SimpleNamespace(type="cuda"))
        errors, last = one.errors, one.last

        def on(call):
            def called():
                one.images, kept = pixels, one.images
                result = call()
                one.images = kept
                return result

            return called

        one.errors, one.last = on(errors), on(last)
        return recorder.run(one)

    now.run = run
    return now


def test_replayed_iterations_are_those_that_are_launched(gpu):
    expected = training().run()
    recorder = Recorder()
    for number in (1, 2):
        torch.testing.assert_close(gpu.run(recorder, training()), expected)
        assert (gpu.captures, gpu.replays) == (number, 8 * number)
    assert gpu.pools == ("pool",)  # the second graph takes the memory of the first


def test_a_device_that_does_not_capture_launches_every_iteration(gpu, caplog):
    gpu.fails = "operation not permitted when stream is capturing"
    recorder = Recorder()
    with caplog.at_level(logging.WARNING):
        result = gpu.run(recorder, training())
    torch.testing.assert_close(result, training().run())
    assert gpu.replays == 0
    assert "operation not permitted" in recorder.refused
    assert caplog.text.count("does not capture") == 1


def test_out_of_memory_is_no_refusal(gpu, monkeypatch):
    class OutOfMemoryError(RuntimeError):
        pass

    monkeypatch.setattr(captured.torch.cuda, "OutOfMemoryError", OutOfMemoryError)
    recorder, one = Recorder(), training()
    with pytest.raises(OutOfMemoryError):
        recorder._refuse(one, OutOfMemoryError("CUDA out of memory"))
    assert not recorder.refused


def test_the_cpu_and_short_trainings_capture_nothing(gpu):
    one = training(iterations=3)
    assert len(gpu.run(Recorder(), one)) == 3
    assert len(Recorder().run(training())) == 10
    assert gpu.captures == 0
