"""What a training leaves behind: one record an epoch, and the result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from naslib_proxydata.summation import ordered_sum
from naslib_proxydata.training.accuracy import Accuracy


@dataclass(frozen=True)
class EpochRecord:
    """One epoch of a training, as plain data.

    Attributes:
        epoch: The epoch, counting from 1.
        learning_rate: Of its last batch.
        training: Loss and accuracies on the augmented training images, as they were trained on.
        validation: The same on the validation images after the epoch; None where there are none.
        images: Images that were trained on.
        seconds: Wall-clock seconds of the epoch, validation included.
        training_seconds: The same without validation.
    """

    epoch: int
    learning_rate: float
    training: Accuracy
    validation: Accuracy | None
    images: int
    seconds: float
    training_seconds: float

    def plain(self) -> dict[str, Any]:
        """Return the record as dicts, numbers and None."""
        named = {"training": self.training, "validation": self.validation}
        accuracies = {key: one and one._asdict() for key, one in named.items()}
        return {**asdict(self), **accuracies}


def read_record(plain: Mapping[str, Any]) -> EpochRecord:
    """Return the record that :meth:`EpochRecord.plain` has written."""
    accuracies = {key: plain[key] and Accuracy(**plain[key]) for key in ("training", "validation")}
    return EpochRecord(**{**plain, **accuracies})


@dataclass(frozen=True)
class TrainingResult:
    """A finished training.

    Attributes:
        records: One for each epoch.
        best_epoch: The first epoch of the highest validation accuracy; None without validation.
        test: What the last epoch's network reaches on the test images; None where there are none.
        test_of_best: The same of the best epoch's.
        test_of_average: The same of the average of the weights; None where there is none.
    """

    records: tuple[EpochRecord, ...]
    best_epoch: int | None
    test: Accuracy | None = None
    test_of_best: Accuracy | None = None
    test_of_average: Accuracy | None = None

    @property
    def last(self) -> EpochRecord:
        """The record of the last epoch."""
        return self.records[-1]

    @property
    def accuracy(self) -> float:
        """Top-1 accuracy of the last epoch's network, in percent.

        On test images; where there are none on validation images, then on training images.
        """
        measured = self.test or self.last.validation or self.last.training
        return measured.top1

    @property
    def seconds(self) -> float:
        """Wall-clock seconds of all epochs."""
        return ordered_sum(record.seconds for record in self.records)

    @property
    def images_per_second(self) -> float:
        """Images trained on in a second, without validation."""
        spent = ordered_sum(record.training_seconds for record in self.records)
        return sum(record.images for record in self.records) / spent

    def plain(self) -> dict[str, Any]:
        """Return the result as dicts, lists, numbers and None."""
        named = ("test", "test_of_best", "test_of_average")
        tests = {name: getattr(self, name) for name in named}
        return {
            "records": [record.plain() for record in self.records],
            "best_epoch": self.best_epoch,
            **{name: one and one._asdict() for name, one in tests.items()},
        }


def read_result(plain: Mapping[str, Any]) -> TrainingResult:
    """Return the result that :meth:`TrainingResult.plain` has written."""
    tests = ("test", "test_of_best", "test_of_average")
    return TrainingResult(
        tuple(read_record(one) for one in plain["records"]),
        plain["best_epoch"],
        **{name: plain[name] and Accuracy(**plain[name]) for name in tests},
    )


def best_epoch(records: tuple[EpochRecord, ...]) -> int | None:
    """Return the first epoch of the highest validation accuracy, None without validation."""
    validated = [one for one in records if one.validation is not None]
    if not validated:
        return None
    return max(validated, key=lambda one: (_top1(one), -one.epoch)).epoch


def _top1(record: EpochRecord) -> float:
    assert record.validation is not None
    return record.validation.top1
