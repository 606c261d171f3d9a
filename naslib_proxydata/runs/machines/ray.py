"""Workers of a Ray cluster."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator

from naslib_proxydata.errors import ConfigError
from naslib_proxydata.runs.machines.address import check_answers, host_and_port
from naslib_proxydata.runs.machines.calls import answered
from naslib_proxydata.runs.machines.remote import RemoteExecutor
from naslib_proxydata.runs.machines.settings import ClusterSettings, Work
from naslib_proxydata.runs.workers import without_interrupts

LOCAL, AUTO = "local", "auto"
"""A cluster that is started on this machine for the run, and the one that this machine is of."""


class Ray(ClusterSettings):
    """``ray:ADDRESS``."""

    COLON: ClassVar[str] = "address"
    PACKAGE: ClassVar[str] = "ray"
    EXTRA: ClassVar[str] = "ray"

    name: Literal["ray"] = "ray"
    address: str = Field(
        LOCAL,
        description="Of the head node, such as host:6379, or ray://host:10001 from outside; 'auto' "
        "on a node of the cluster; 'local' for as many workers on this machine as the run has.",
    )
    cpus: float = Field(1.0, ge=0, description="CPU cores of a call.")
    gpus: float = Field(0.0, ge=0, description="GPUs of a call; 0.5 for two calls on each.")
    memory: float | None = Field(None, gt=0, description="Memory of a call in GiB.")
    resources: dict[str, float] = Field(
        {}, description="What else a node must offer for a call, by name."
    )
    wait: float = Field(60.0, gt=0, description="Seconds in which the first worker must answer.")

    @field_validator("address")
    @classmethod
    def _is_one(cls, given: str) -> str:
        if given not in (LOCAL, AUTO):
            host_and_port(given)
        return given

    def check(self) -> None:
        """Make sure that the head node answers."""
        self.check_installed()
        if self.address not in (LOCAL, AUTO):
            check_answers(self.address, "Ray head node")

    @contextmanager
    def open(self, work: Work) -> Iterator[Executor]:
        """Connect, for a block."""
        import ray

        mine = not ray.is_initialized()  # else a caller's connection, which is not ours to close
        if mine:
            self._connect(work)
        try:
            with RayExecutor(self, work) as executor:
                asked = f"each call asks for {self.options}, the cluster has "
                executor.probe(self.wait, f"{asked}{ray.cluster_resources()}")
                yield executor
        finally:
            if mine:
                ray.shutdown()

    def _connect(self, work: Work) -> None:
        """Connect to the cluster, or start one.

        Raises:
            ConfigError: It cannot be.
        """
        import ray

        local: dict[str, Any] = {}
        if self.address == LOCAL:
            local = {
                "num_cpus": max(1, round(work.workers * self.cpus)),
                "resources": {name: one * work.workers for name, one in self.resources.items()},
                "include_dashboard": False,
            }
        try:
            with without_interrupts():  # a worker never sees Ctrl-C; the run ends it
                ray.init(
                    address=self.address,
                    log_to_driver=False,
                    logging_level=logging.ERROR,
                    **local,
                )
        except Exception as error:  # of many kinds
            raise ConfigError(
                f"no Ray cluster at {self.address}: {' '.join(str(error).split())[:300]}. Nothing "
                "was computed yet"
            ) from None

    @property
    def options(self) -> dict[str, Any]:
        """What a call asks of Ray."""
        options: dict[str, Any] = {"num_cpus": self.cpus, "num_gpus": self.gpus}
        if self.memory is not None:
            options["memory"] = round(self.memory * 2**30)
        if self.resources:
            options["resources"] = self.resources
        return options


class RayExecutor(RemoteExecutor):
    """Runs calls by the workers of a Ray cluster.

    Ray gives the call of a worker that died to another one, three times.
    """

    def __init__(self, settings: Ray, work: Work) -> None:
        import ray

        super().__init__(f"the Ray cluster {settings.address}", settings, work)
        self.settings = settings
        # Workers live on: else those of a GPU would import torch for every call.
        self._function = ray.remote(max_calls=0, **settings.options)(answered)
        self._run = ray.put(self.run)
        self._sent: dict[Future[Any], Any] = {}

    def _count(self) -> int:
        import ray

        there = ray.cluster_resources()
        asked = {"CPU": self.settings.cpus, "GPU": self.settings.gpus, **self.settings.resources}
        return int(min(there.get(name, 0) / one for name, one in asked.items() if one))

    def _send(self, future: Future[Any], content: bytes) -> None:
        sent = self._function.remote(self._run, content)
        self._sent[future] = sent
        sent.future().add_done_callback(partial(self._heard, future))

    def _heard(self, future: Future[Any], sent: Future[Any]) -> None:
        """Take in what becomes of a call."""
        from ray.exceptions import RayTaskError

        self._sent.pop(future, None)
        error = sent.exception()
        if error is None:
            self._arrived(future, sent.result())
        elif isinstance(error, RayTaskError):
            self._fail(future, f"{type(error.cause).__name__}: {error.cause}")
        else:
            self._lose(future, " ".join(f"{type(error).__name__}: {error}".split())[:300])

    def _cancel(self, futures: Sequence[Future[Any]]) -> None:
        import ray

        for one in futures:
            with suppress(Exception):  # the cluster may be what is gone
                ray.cancel(self._sent.pop(one), force=True)
