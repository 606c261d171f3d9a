"""A plugin file for tests: a space of 60 numbers, tables of it, and predictors that cost nothing.

Architectures 2k and 2k + 1 compute the same function; 0 and 1 carry no signal.
"""

from __future__ import annotations

import ctypes
import hashlib
import math
import os
import time
from pathlib import Path

import numpy as np

from naslib_proxydata.errors import DatasetError, TableAbsentError
from naslib_proxydata.hookspecs import BenchmarkRegistration, Registration, hookimpl
from naslib_proxydata.leaderboard.metrics import Metric
from naslib_proxydata.predictors.base import Predictor, Score
from naslib_proxydata.spaces.base import SearchSpace
from naslib_proxydata.tables.base import BenchmarkTable

SIZE = 60


class Numbers(SearchSpace[int]):
    name = "numbers"

    def parse(self, text):
        return int(text)

    def text(self, architecture):
        return str(architecture)

    def canonical(self, architecture):
        return architecture - architecture % 2

    def hash(self, architecture):
        return hashlib.sha256(str(self.canonical(architecture)).encode()).hexdigest()

    def carries_signal(self, architecture):
        return architecture > 1

    def sample(self, generator):
        return int(generator.integers(SIZE))

    def mutate(self, architecture, generator):
        return (architecture + 1) % SIZE

    def neighbours(self, architecture):
        return [(architecture + 1) % SIZE]

    def network(self, architecture, generator, *, num_classes=10, in_channels=3):
        raise NotImplementedError

    trunk = network

    def params(self, architecture, *, num_classes=10):
        return architecture

    def macs(self, architecture, *, num_classes=10, image_size=None):
        return architecture * (image_size or self.image_size)


class NumbersTable(BenchmarkTable):
    space = "numbers"
    label = "Numbers"
    source = "made up"

    def __init__(self, name: str) -> None:
        self.name = name

    def __len__(self):
        return SIZE

    def architectures(self):
        return [str(number) for number in range(SIZE)]

    def columns(self):
        return {
            "two": ("validation_accuracy",),
            "one": ("test_accuracy", "validation_accuracy"),
        }

    def read(self, dataset, metric):
        noise = np.random.default_rng(len(dataset + metric)).normal(size=SIZE)
        values = np.arange(SIZE) + 10 * noise
        if dataset == "two":
            values[::3] = np.nan
        return values

    def position(self, architecture):
        return int(architecture)


def absent(root: Path | None) -> BenchmarkTable:
    raise TableAbsentError(f"no file in {root}")


class Counted(Predictor):
    """Writes a line to ``log`` for every score it computes."""

    name = "counted"

    def __init__(self, log: str = "", sleep: float = 0.0, offset: float = 0.0) -> None:
        self.log, self.sleep, self.offset = log, sleep, offset

    def settings(self):
        return {"offset": self.offset}

    def evaluate(self, architecture):
        time.sleep(self.sleep)
        if self.log:
            with open(self.log, "a", encoding="utf-8") as lines:
                lines.write(f"{architecture}\n")
        if architecture == 20:
            raise RuntimeError("the loss exploded")
        if architecture == 30:
            return math.inf
        # A sum that would come out otherwise in another order or precision.
        noise = np.random.default_rng(architecture + self.task.seed).normal(size=100).sum()
        value = architecture + self.offset + float(noise) / 3
        return Score(value, details={"losses": [value, 0.1 + 0.2]})


class Grouped(Counted):
    """Scores sixteen at once, in a line of its log, or none of them where one fails."""

    name = "grouped"

    def together(self, task):
        return 16

    def evaluate_many(self, architectures):
        scores = [Counted.evaluate(self, architecture) for architecture in architectures]
        if self.log:
            with open(self.log, "a", encoding="utf-8") as lines:
                lines.write(f"together {len(architectures)}\n")
        return scores


class Raw(Counted):
    name = "raw"
    sees = "raw"


class Stopping(Predictor):
    """Needs the user from the fourth architecture on."""

    name = "stopping"

    def __init__(self) -> None:
        self.count = 0

    def evaluate(self, architecture):
        self.count += 1
        if self.count > 3:
            raise DatasetError("the images have no labels")
        return 1.0


class Summed(Counted):
    """Ranks by the negative of its scores, to be seen through ``aggregate``."""

    name = "summed"

    def aggregate(self, scores):
        assert all(one.details["losses"] for one in scores if math.isfinite(one.value))
        return -super().aggregate(scores)


class Misbehaving(Counted):
    """Does not score architecture 40 as long as there is no file ``mended``, but what ``how`` says.

    ``wait`` holds native code, with the interpreter's lock given back; ``memory`` has none left.
    """

    name = "misbehaving"

    def __init__(self, how: str, mended: str = "", **options) -> None:
        super().__init__(**options)
        self.how, self.mended = how, Path(mended or "nowhere")

    def evaluate(self, architecture):
        if architecture == 40 and not self.mended.exists():
            self.misbehave()
        return super().evaluate(architecture)

    def misbehave(self):
        if self.log:
            with open(self.log, "a", encoding="utf-8") as lines:
                lines.write(f"{self.how} {os.getpid()}\n")
        if self.how == "memory":
            raise MemoryError("no more")
        libc = ctypes.CDLL(None)
        # No interrupt of the system's ends this wait, so that Python's handlers never run.
        libc.pthread_sigmask(0, (ctypes.c_ulong * 16)(*[2**64 - 1] * 16), None)
        libc.sleep(1000)


class Hungry(Predictor):
    """Needs more images than scikit-learn's digits are."""

    name = "hungry"
    images_needed = 5000

    def evaluate(self, architecture):
        return 1.0


class Combined(Counted):
    """Combines one that needs too many images."""

    name = "combined"

    def parts(self):
        return {"hungry": {}}

    def combine(self, parts):
        return parts["hungry"]


class First(Metric):
    """The value of what is ranked first, of the order given among equals, as a share."""

    name = "first-value"
    title = "value of the first"
    is_share = True

    def __init__(self, scale: float = 100.0) -> None:
        self.scale = scale

    def measure(self, scores, values):
        return values[np.argmax(np.nan_to_num(scores, nan=-math.inf))] / self.scale


class Broken(Metric):
    name = "broken"
    title = "broken"

    def measure(self, scores, values):
        raise ZeroDivisionError("no values")


class Wordy(Metric):
    name = "wordy"
    title = "wordy"

    def measure(self, scores, values):
        return "good"


class Writing(Metric):
    """Spoils its arguments, which must be its own."""

    name = "writing"
    title = "writing"

    def measure(self, scores, values):
        scores[:] = values[:] = 0
        return 0.5


@hookimpl
def register_metrics():
    return [Registration(one.name, one, "a fake") for one in (First, Broken, Wordy, Writing)]


@hookimpl
def register_spaces():
    return [Registration("numbers", Numbers, "numbers")]


@hookimpl
def register_benchmarks():
    known = {"space": "numbers", "datasets": ("one", "two", "three"), "how_to_get": "Count them."}
    return [
        BenchmarkRegistration("numbers", lambda root: NumbersTable("numbers"), "60", **known),
        BenchmarkRegistration("twins", lambda root: NumbersTable("twins"), "again", **known),
        BenchmarkRegistration("nowhere", absent, "none", **known),
    ]


@hookimpl
def register_predictors():
    fakes = (Counted, Misbehaving, Raw, Stopping, Summed, Hungry, Combined)
    return [Registration(one.name, one, "a fake") for one in fakes]
