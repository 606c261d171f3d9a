"""Workers of a Dask cluster, by the package ``distributed``."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field, field_validator

from naslib_proxydata.errors import ConfigError
from naslib_proxydata.runs.machines.address import check_answers, host_and_port, within
from naslib_proxydata.runs.machines.calls import answered
from naslib_proxydata.runs.machines.remote import LOOK_SECONDS, RemoteExecutor
from naslib_proxydata.runs.machines.settings import PATIENCE, ClusterSettings, Work
from naslib_proxydata.runs.workers import without_interrupts

if TYPE_CHECKING:
    import distributed

    _Done = tuple[Future[Any], distributed.Future]

LOCAL = "local"
"""The address of a cluster that is started on this machine for the run."""

_log = logging.getLogger(__name__)


class Dask(ClusterSettings):
    """``dask:ADDRESS``."""

    COLON: ClassVar[str] = "address"
    PACKAGE: ClassVar[str] = "distributed"
    EXTRA: ClassVar[str] = "dask"

    name: Literal["dask"] = "dask"
    address: str = Field(
        LOCAL,
        description="Of a scheduler, such as tcp://host:8786; its scheduler file, whose name ends "
        "with .json; or 'local' for as many workers on this machine as the run has.",
    )
    resources: dict[str, float] = Field(
        {}, description="What a worker must offer for a call, such as {GPU: 1}."
    )
    wait: float = Field(
        60.0, gt=0, description="Seconds in which a worker must be there, at first and later."
    )

    @field_validator("address")
    @classmethod
    def _is_one(cls, given: str) -> str:
        if given != LOCAL and not given.endswith(".json"):
            host_and_port(given)
        return given

    def check(self) -> None:
        """Make sure that the scheduler answers."""
        self.check_installed()
        if self.address == LOCAL:
            return
        if not self.address.endswith(".json"):
            check_answers(self.address, "Dask scheduler")
        elif not Path(self.address).is_file():
            raise ConfigError(
                f"there is no scheduler file {self.address}; start the scheduler by 'dask "
                f"scheduler --scheduler-file {self.address}', in a folder that all machines share"
            )
        self._connected().close()

    @contextmanager
    def open(self, work: Work) -> Iterator[Executor]:
        """Connect, for a block."""
        with (
            self._client(work) as client,
            DaskExecutor(client, self, work) as executor,
        ):
            executor.probe(self.wait, f"start some: dask worker {self.address} --nthreads 1")
            yield executor

    @contextmanager
    def _client(self, work: Work) -> Iterator[distributed.Client]:
        """Yield a connection to the scheduler, or to one of our own."""
        if self.address != LOCAL:
            with self._connected() as client:
                yield client
            return
        distributed = _imported()
        with without_interrupts():  # a worker never sees Ctrl-C; the run ends it
            cluster = distributed.LocalCluster(
                n_workers=work.workers,
                threads_per_worker=1,
                dashboard_address="127.0.0.1:0",
                memory_limit=0,
                resources=self.resources,
                silence_logs=logging.ERROR,
            )
        with cluster, cluster.get_client() as client:
            yield client

    def _connected(self) -> distributed.Client:
        """Return a connection to the scheduler.

        Raises:
            ConfigError: There is none, or it speaks another language.
        """
        named = "scheduler_file" if self.address.endswith(".json") else "address"
        distributed = _imported()
        options = {named: self.address, "timeout": PATIENCE, "set_as_default": False}
        try:
            # Its own timeout does not hold where something listens that says nothing.
            return within(2 * PATIENCE, lambda: distributed.Client(**options))
        except (OSError, ValueError, ImportError) as error:
            raise ConfigError(
                f"no Dask scheduler answers at {self.address} ({error}); start it, or put the "
                "address right. Nothing was computed yet"
            ) from None


def _imported() -> Any:
    """Import Dask's package, which else logs every step of each worker."""
    import dask

    with dask.config.set({"logging.distributed": "error", **dask.config.get("logging", {})}):
        import distributed
    return distributed


class DaskExecutor(RemoteExecutor):
    """Runs calls by the workers of a Dask scheduler.

    Dask gives the call of a worker that died to another one, and gives up after three.
    """

    def __init__(self, client: distributed.Client, settings: Dask, work: Work) -> None:
        super().__init__(f"the Dask cluster {settings.address}", settings, work)
        self.client = client
        self.settings = settings
        self._sent: dict[Future[Any], distributed.Future] = {}
        self._closed = threading.Event()
        self._done: queue.SimpleQueue[_Done | None] = queue.SimpleQueue()
        for target in (self._watch, self._collect):
            threading.Thread(target=target, name="dask cluster", daemon=True).start()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more calls; see the base class."""
        super().shutdown(wait, cancel_futures=cancel_futures)
        self._closed.set()
        self._done.put(None)

    def _count(self) -> int:
        threads = self.client.nthreads()
        if any(many > 1 for many in threads.values()):
            _log.warning(
                "%s has workers of several threads, of which calls use one at a time; start them "
                "with --nthreads 1, as many as there are cores",
                self.what,
            )
        return len(threads)

    def _send(self, future: Future[Any], content: bytes) -> None:
        sent = self.client.submit(
            answered, self.run, content, pure=False, resources=self.settings.resources or None
        )
        self._sent[future] = sent
        sent.add_done_callback(lambda sent: self._done.put((future, sent)))

    def _collect(self) -> None:
        """Take in what is done until the end: all that is, at once, as each message takes time."""
        while (first := self._done.get()) is not None:
            done = [first]
            with suppress(queue.Empty):
                while (one := self._done.get_nowait()) is not None:
                    done.append(one)
            try:
                self._take_in(dict(done))
            except Exception as error:  # of whichever layer of the connection
                self._give_up(f"{self.what} does not answer any more ({error})")
                return

    def _take_in(self, done: Mapping[Future[Any], distributed.Future]) -> None:
        """Take in what becomes of calls.

        Raises:
            ConnectionError: The scheduler is gone.
        """
        finished = {one: sent for one, sent in done.items() if sent.status == "finished"}
        # A worker may die with what it had finished: it is computed again, or skipped here.
        found = self.client.gather(finished, errors="skip") if finished else {}
        for future, sent in done.items():
            self._sent.pop(future, None)
            if found.get(future) is not None:
                self._arrived(future, found[future])
            elif sent.status == "error":
                self._failed(future, sent.exception())
            elif self.client.status != "running":
                raise ConnectionError("its scheduler has closed the connection")
            else:
                self._lose(future, "its scheduler does not know of it any more")

    def _failed(self, future: Future[Any], error: BaseException) -> None:
        """Tell of a call that Dask could not have carried out."""
        from distributed.scheduler import KilledWorker

        if isinstance(error, KilledWorker):
            last = error.last_worker.address
            self._lose(future, f"its workers died one after the other, the last at {last}")
        else:
            self._fail(future, f"{type(error).__name__}: {error}")

    def _watch(self) -> None:
        """Give up where there is no scheduler, or no worker for too long."""
        without = 0.0
        while not self._closed.wait(min(LOOK_SECONDS, self.settings.wait / 2)):
            try:
                count = len(self.client.nthreads())
            except Exception as error:  # of whichever layer of the connection
                self._give_up(f"{self.what} does not answer any more ({error})")
                return
            if count or not self._works:  # the first worker is waited for elsewhere
                without = 0.0
                continue
            without += min(LOOK_SECONDS, self.settings.wait / 2)
            if without >= self.settings.wait:
                self._give_up(f"{self.what} has had no worker for {without:g} s")
                return

    def _cancel(self, futures: Sequence[Future[Any]]) -> None:
        sent = [self._sent.pop(one) for one in futures if one in self._sent]
        keys = {one.key for one in sent}
        with suppress(Exception):  # the scheduler may be what is gone
            busy = [
                worker for worker, at in self.client.processing().items() if keys.intersection(at)
            ]
            self.client.cancel(sent, force=True)
            if self.settings.address != LOCAL:  # whose workers end with the run
                self._restart(busy)

    def _restart(self, workers: Sequence[str]) -> None:
        """End what workers are at, which a training would else go on with for hours."""
        if not workers:
            return
        try:
            self.client.restart_workers(workers, timeout=PATIENCE, raise_for_error=False)
        except ValueError:  # it was started with --no-nanny
            _log.warning("%s: what its workers are at goes on until it ends", self.what)
