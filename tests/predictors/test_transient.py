"""Which failures may pass, and what becomes of a score that failed so."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from naslib_proxydata.predictors.base import Predictor, Score, ScoringTask
from naslib_proxydata.predictors.transient import is_transient, reason_of, tells_of_transient
from tests.leaderboard.fake_plugin import Numbers

ALLOCATOR = (
    "[enforce fail at alloc_cpu.cpp:83] err == 0. DefaultCPUAllocator: can't allocate memory: you "
    "tried to allocate 400000000000000 bytes. Error code 12 (Cannot allocate memory)"
)


def wrapped(error: Exception) -> Exception:
    outer = ValueError("cannot build the network")
    outer.__cause__ = error
    return outer


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        OSError(5, "Input/output error"),
        FileNotFoundError(2, "No such file"),
        TimeoutError("slow"),
        ConnectionResetError("gone"),
        torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("CUDA error: an illegal memory access was encountered"),
        RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError("MPS backend out of memory"),
        RuntimeError("not enough memory: you tried to allocate 4000 bytes."),
        RuntimeError(ALLOCATOR),
        RuntimeError("can't start new thread"),
        RuntimeError("DataLoader worker (pid(s) 31) exited: it is killed by signal: Killed."),
        RuntimeError("received 0 items of ancdata"),
        RuntimeError("unable to open shared memory object </torch_1>: Too many open files (24)"),
        RuntimeError("cuFFT error: CUFFT_INTERNAL_ERROR"),
        ImportError("libm.so.6: failed to map segment from shared object"),
        wrapped(MemoryError()),
    ],
)
def test_memory_devices_and_files_may_pass(error: Exception) -> None:
    assert is_transient(error)
    if error.__cause__ is None:
        assert tells_of_transient(reason_of(error)), "so that what was stored before is known"


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("the loss exploded"),
        RuntimeError("mat1 and mat2 shapes cannot be multiplied (8x3 and 4x3)"),
        ValueError("a memory of 3 cells"),
        ZeroDivisionError("division by zero"),
        SystemExit(3),
        wrapped(KeyError("x")),
    ],
)
def test_what_computation_or_code_did_is_final(error: BaseException) -> None:
    assert not is_transient(error)
    assert not tells_of_transient(reason_of(error))


def test_the_allocators_own_error_may_pass() -> None:
    with pytest.raises(RuntimeError) as raised:
        torch.empty(2**60)
    assert is_transient(raised.value)


def scored(error: BaseException | Score) -> Score:
    class Fails(Predictor[int]):
        name = "fails"

        def evaluate(self, architecture: int) -> Score:
            if isinstance(error, Score):
                return error
            raise error

    predictor: Predictor[Any] = Fails()
    predictor.prepare(ScoringTask(Numbers(), images=None))  # type: ignore[arg-type]
    return predictor.score_one(4)


def test_a_failed_score_says_whether_it_may_pass() -> None:
    assert scored(MemoryError("no more")).transient
    assert scored(Score(math.nan, "CUDA out of memory")).transient, "one that the predictor caught"
    assert scored(Score(math.nan, "", transient=True)).transient
    final = scored(SystemExit(3))
    assert math.isnan(final.value)
    assert (final.reason, final.transient) == ("SystemExit: 3", False)
    assert not scored(Score(1.0)).transient


def test_an_interrupt_is_no_score() -> None:
    with pytest.raises(KeyboardInterrupt):
        scored(KeyboardInterrupt())


def test_a_score_has_what_it_had_before_in_the_same_places() -> None:
    assert Score(1.0, "why", 2.0, {"a": 1}) == Score(
        value=1.0, reason="why", seconds=2.0, details={"a": 1}, transient=False
    )


class SpeechlessError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


def its_own_cause() -> Exception:
    try:
        raise ValueError("x")
    except ValueError as error:
        error.__cause__ = error
        return error


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (its_own_cause(), "ValueError: x"),
        (SpeechlessError(), "SpeechlessError: its text cannot be told (RuntimeError)"),
    ],
)
def test_odd_exceptions_are_failed_scores_too(error: Exception, reason: str) -> None:
    assert not is_transient(error)
    assert reason_of(error) == reason


def test_numpys_own_memory_error_may_pass() -> None:
    with pytest.raises(MemoryError) as caught:
        np.ones(10**15)
    assert tells_of_transient(reason_of(caught.value))
