"""What other tasks measured, by architecture: ranks, spellings, gaps, and bad sources."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from naslib_proxydata import plugins
from naslib_proxydata.errors import ConfigError, TableAbsentError, TableError
from naslib_proxydata.predictors.few_label.tasks import (
    MeasuredTasks,
    open_tasks,
    ranks,
    same_dataset,
)
from naslib_proxydata.spaces.nb201.space import NasBench201
from naslib_proxydata.tables.columns import ColumnTable

PLUGINS = plugins.load()
SPACE = NasBench201()
ALIVE = "|nor_conv_3x3~0|+|none~0|none~1|+|skip_connect~0|none~1|nor_conv_1x1~2|"
SAME = SPACE.text(SPACE.canonical(SPACE.parse(ALIVE)))  # without the dead convolution


def table(texts, **columns):
    values = {(name, "validation_accuracy"): np.array(column) for name, column in columns.items()}
    return ColumnTable(
        name="mine", label="mine", space="nb201", source="here", texts=texts, values=values
    )


def drawn(count):
    generator = np.random.default_rng(0)
    return list(dict.fromkeys(SPACE.text(SPACE.sample(generator)) for _ in range(count)))


def test_ranks_are_normal_scores_among_what_was_measured():
    values = np.array([3.0, math.nan, 1.0, 2.0, 2.0])
    inside = 4 / 5  # so that the best of four is not at infinity
    shares = inside * (np.array([4.0, 1.0, 2.5, 2.5]) + 0.0) / 4
    np.testing.assert_allclose(ranks(values)[[0, 2, 3, 4]], stats.norm.ppf(shares))
    assert math.isnan(ranks(values)[1])


def test_what_was_not_measured_is_left_out():
    texts = drawn(5)
    tasks = MeasuredTasks(table(texts, a=[1.0, 2, 3, 4, 5], b=[math.nan, 1, 2, 3, 4]), SPACE)
    assert set(tasks.of(texts[0])) == {"mine a"}
    assert set(tasks.of(texts[1])) == {"mine a", "mine b"}
    assert tasks.of("|none~0|+|none~0|none~1|+|none~0|none~1|avg_pool_3x3~2|") == {}


def test_another_spelling_has_the_mean_of_its_function():
    others = [text for text in drawn(8) if text not in (ALIVE, SAME)]
    texts = [SAME, *others]
    tasks = MeasuredTasks(table(texts, a=np.arange(len(texts), dtype=float)), SPACE)
    assert ALIVE != SAME
    assert tasks.of(ALIVE) == tasks.of(SAME) != {}


def test_the_digest_tells_other_values_and_other_architectures():
    texts = drawn(4)
    first = MeasuredTasks(table(texts, a=[1.0, 2, 3, 4]), SPACE).fingerprint()
    assert first == MeasuredTasks(table(texts, a=[2.0, 4, 6, 8]), SPACE).fingerprint()
    assert first != MeasuredTasks(table(texts, a=[2.0, 1, 3, 4]), SPACE).fingerprint()
    assert first != MeasuredTasks(table(texts[::-1], a=[1.0, 2, 3, 4]), SPACE).fingerprint()


def test_a_dataset_may_be_named_once_or_with_its_table(shared_data):
    def names(*sources):
        tables = open_tasks(sources, PLUGINS, space=None, root=shared_data)
        return [name for one in tables for name in one.fingerprint()]

    assert names("nb201:cifar100") == names("nb201:cifar100", "nb201:cifar100")
    assert names("nb201:cifar100") == ["nb201 cifar100"]
    assert names("nb201:cifar100", "nb201") == names("nb201")
    assert len(names("nb201")) == 3


@pytest.mark.parametrize(
    ("sources", "space", "error", "message"),
    [
        (["nb20"], None, ConfigError, "Did you mean 'nb201'"),
        (["nb201:cifar1000"], None, TableError, "Did you mean 'cifar100'"),
        (["nb201"], "nb101", ConfigError, "not of 'nb101'"),
        (["csv:nowhere.csv"], "nb201", TableAbsentError, "nowhere.csv"),
        (["csv:nowhere.csv"], None, ConfigError, "does not say of which search space"),
    ],
)
def test_bad_sources_are_told(sources, space, error, message, shared_data):
    with pytest.raises(error, match=message):
        open_tasks(sources, PLUGINS, space=space, root=shared_data)


@pytest.mark.parametrize(
    "other", ["cifar10", "CIFAR-10", "Cifar 10", "cifar10-valid", "cifar10_test_accuracy"]
)
def test_one_dataset_has_several_names(other):
    assert same_dataset("cifar10", other)
    assert not same_dataset("cifar100", other)


def test_different_datasets_stay_so():
    names = (
        "cifar10",
        "cifar100",
        "imagenet16",
        "seg",
        "seg-4x",
        "cls-50-100",
        "cls-50-1000",
        "val",
    )
    assert [same_dataset(one, other) for one in names for other in names] == [
        one == other for one in names for other in names
    ]
    assert same_dataset("ImageNet16-120", "imagenet16")
