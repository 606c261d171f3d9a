"""Futures of calls on other machines: whatever becomes of a machine, each of them ends."""

from __future__ import annotations

import threading

import pytest

from naslib_proxydata.errors import ConfigError, MachineError
from naslib_proxydata.runs.executors import completed
from naslib_proxydata.runs.machines.calls import Answer, Machine, answered, this_machine
from naslib_proxydata.runs.machines.named import chosen
from naslib_proxydata.runs.machines.remote import RemoteExecutor
from naslib_proxydata.runs.machines.settings import Work
from naslib_proxydata.runs.workers import LostCallError, end_workers
from tests.runs import misbehaving


class Elsewhere(RemoteExecutor):
    """Computes in this process, or loses, fails or keeps calls, as it is told for each."""

    def __init__(self, tmp_path, told=(), workers=2, **options) -> None:
        settings = chosen({"name": "dask", **options})
        super().__init__("the test", settings, Work(1, (), tmp_path))
        self.told = iter(told)
        self.count = workers
        self.cancelled = []

    def _count(self):
        return self.count

    def _send(self, future, content):
        how = next(self.told, "answer")
        if how == "answer":
            self._arrived(future, answered(self.run, content))
        elif how == "lose":
            self._lose(future, "its machine burnt down")
        elif how == "fail":
            self._fail(future, "ModuleNotFoundError: No module named 'naslib_proxydata'")

    def _cancel(self, futures):
        self.cancelled += futures


def doubled(executor, count, **options):
    calls = ((number, (number,)) for number in range(count))
    lost = lambda error, name: str(error)  # noqa: E731
    return dict(completed(executor, misbehaving.double, calls, lost, **options))


@pytest.mark.parametrize("together", [1, 7])
def test_answers_and_losses_arrive(tmp_path, together):
    told = ["answer", "lose", "answer", "answer"]
    with Elsewhere(tmp_path, told) as executor:
        found = doubled(executor, 20, together=together)
    lost = set(range(together, 2 * together))
    assert {name for name, one in found.items() if one == "its machine burnt down"} == lost
    assert {name: one for name, one in found.items() if name not in lost} == {
        number: 2 * number for number in range(20) if number not in lost
    }


def test_an_error_among_calls_that_go_together_costs_that_one_alone(tmp_path):
    arrived = {}
    calls = [(number, (number,)) for number in (8, 0, 2)]
    with Elsewhere(tmp_path) as executor, pytest.raises(ZeroDivisionError):
        arrived.update(completed(executor, inverse, calls, None, together=3))
    assert arrived == {8: 0.125, 2: 0.5}


def inverse(number: int) -> float:
    return 1 / number


def test_as_many_calls_are_under_way_as_keep_all_workers_busy(tmp_path):
    with Elsewhere(tmp_path, workers=100) as executor:
        assert executor.in_flight == 200
        executor.count = 3  # which is looked at again in some seconds
        assert executor.in_flight == 200


def test_nothing_but_losses_ends_the_run(tmp_path):
    with (
        Elsewhere(tmp_path, ["lose"] * 9) as executor,
        pytest.raises(MachineError, match="3 calls of the test were lost in a row, the last: its"),
    ):
        doubled(executor, 20)


def test_losses_of_many_machines_at_once_do_not(tmp_path):
    with Elsewhere(tmp_path, ["answer", *["lose"] * 5], workers=2) as executor:
        assert executor.in_flight == 4
        found = doubled(executor, 20)
    assert [one for one in found.values() if isinstance(one, str)] == ["its machine burnt down"] * 5


def test_a_call_that_cannot_begin_ends_the_run(tmp_path):
    with (
        Elsewhere(tmp_path, ["answer", "fail"]) as executor,
        pytest.raises(MachineError, match="No module named 'naslib_proxydata'; its workers need"),
    ):
        doubled(executor, 20)


def test_what_is_under_way_is_cancelled_where_a_block_is_left_by_an_error(tmp_path):
    executor = Elsewhere(tmp_path, ["keep"] * 2)
    futures = [executor.submit(misbehaving.double, number) for number in range(2)]
    with pytest.raises(KeyboardInterrupt), executor:
        raise KeyboardInterrupt
    assert executor.cancelled == futures
    assert all(one.cancelled() for one in futures)
    with pytest.raises(RuntimeError, match="was shut down"):
        executor.submit(misbehaving.double, 1)


def test_what_is_under_way_is_cancelled_at_the_second_interrupt(tmp_path):
    executor = Elsewhere(tmp_path, ["keep"])
    future = executor.submit(misbehaving.double, 1)
    end_workers()
    assert executor.cancelled == [future]


def test_an_answer_that_nobody_waits_for_any_more_does_no_harm(tmp_path):
    executor = Elsewhere(tmp_path, ["keep"])
    future = executor.submit(misbehaving.double, 1)
    executor.kill()
    executor._arrived(future, Answer(this_machine(), b""))
    executor._lose(future, "late")
    assert future.cancelled()


def test_the_end_of_a_block_waits_for_what_is_under_way(tmp_path):
    with Elsewhere(tmp_path, ["keep"]) as executor:
        future = executor.submit(misbehaving.double, 1)
        late = threading.Timer(0.1, executor._lose, (future, "late"))
        late.start()
    assert isinstance(future.exception(), LostCallError)


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ("keep", r"no worker of the test answered within 0\.1 s; start some\. Nothing was"),
        ("lose", "a worker of the test was lost at once: its machine burnt down"),
    ],
)
def test_workers_that_do_not_answer_are_told_before_anything_is_spent(tmp_path, told, message):
    with pytest.raises(ConfigError, match=message):
        Elsewhere(tmp_path, [told]).probe(0.1, "start some")


def test_another_kind_of_processor_is_told_once(tmp_path, caplog):
    executor = Elsewhere(tmp_path)
    for _ in range(3):
        executor._note(Machine("old", "x86_64 SSE"))
        executor._note(this_machine())
    assert caplog.text.count("old computes with x86_64 SSE, this machine with") == 1
    assert "may differ in the last digits" in caplog.text
