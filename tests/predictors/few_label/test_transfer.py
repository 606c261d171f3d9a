"""Learning from other tasks: on measured tables, and what is never a source."""

from __future__ import annotations

import csv
import math

import numpy as np
import pytest
from scipy import stats

from naslib_proxydata import plugins
from naslib_proxydata.data.images import load_images
from naslib_proxydata.errors import ConfigError
from naslib_proxydata.predictors.base import ScoringTask
from naslib_proxydata.predictors.few_label.other_spaces import OtherSpace
from naslib_proxydata.predictors.few_label.structure import FewLabelStructure
from naslib_proxydata.predictors.few_label.tasks import MeasuredTasks
from naslib_proxydata.predictors.few_label.transfer import FewLabelTransfer
from naslib_proxydata.spaces.nb101.space import NasBench101
from naslib_proxydata.spaces.nb201.space import NasBench201
from naslib_proxydata.spaces.transnas.micro import TransNasMicro
from naslib_proxydata.tables.own import read_own

PLUGINS = plugins.load()
SPACE = NasBench201()


def prepared(predictor, space=SPACE):
    predictor.prepare(ScoringTask(space, load_images("noise", 1, 0)))
    return predictor


def cells(count=120):
    generator = np.random.default_rng(0)
    drawn = dict.fromkeys(SPACE.sample(generator) for _ in range(2 * count))
    return [cell for cell in drawn if SPACE.carries_signal(cell)][:count]


CELLS = cells()
HIDDEN = np.random.default_rng(1).standard_normal((len(CELLS), 2))
"""Values that structure tells nothing of."""


def own_table(path, **columns):
    """Write a table of CELLS, nan as an empty field; return it as a source."""
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["architecture", *columns])
        for cell, *row in zip(CELLS, *columns.values(), strict=True):
            fields = ["" if math.isnan(value) else value for value in row]
            writer.writerow([SPACE.text(cell), *fields])
    return f"csv:{path}"


def transfer(*sources, target="", **options):
    predictor = prepared(FewLabelTransfer(PLUGINS, sources=sources, space="nb201", **options))
    predictor.set_target(target)
    return predictor


def rho(predictor, values, labels=20):
    scores = [predictor.score_one(cell) for cell in CELLS]
    predictor.fit(scores[:labels], values[:labels])
    ranked = predictor.aggregate(scores[labels:])
    return stats.spearmanr(ranked, values[labels:]).statistic


def test_another_task_is_believed_where_structure_says_nothing(tmp_path):
    source = own_table(tmp_path / "a.csv", other=HIDDEN[:, 0])
    values = -np.exp(HIDDEN[:, 0])  # only ranks count, and a task may go the other way round
    assert rho(transfer(source), values) > 0.9
    assert abs(rho(prepared(FewLabelStructure()), values)) < 0.5


def test_each_source_has_a_weight_of_its_own(tmp_path):
    source = own_table(tmp_path / "a.csv", one=HIDDEN[:, 0], two=HIDDEN[:, 1])
    assert rho(transfer(source), HIDDEN[:, 0] - 0.5 * HIDDEN[:, 1]) > 0.85


def test_measured_datasets_help_each_other(shared_data):
    from naslib_proxydata.tables.nb201 import open_nb201

    table = open_nb201(shared_data)
    values = table.values("cifar100", "validation_accuracy")
    known = np.array([values[table.position(SPACE.text(cell))] for cell in CELLS])
    predictor = transfer("nb201", target="cifar100", data_root=shared_data)
    found = rho(predictor, known)
    assert found > 0.9 > rho(prepared(FewLabelStructure()), known)


def test_no_column_of_the_target_is_a_source(tmp_path):
    first = own_table(tmp_path / "a.csv", mine=HIDDEN[:, 0], other=HIDDEN[:, 1])
    second = own_table(tmp_path / "b.csv", mine=HIDDEN[:, 0])
    predictor = transfer(first, second, target="mine")
    scores = [predictor.score_one(cell) for cell in CELLS]
    assert predictor.knows(scores) == ("csv:a other",)
    assert abs(rho(predictor, HIDDEN[:, 0])) < 0.5
    predictor.set_target("other")
    assert predictor.knows(scores) == ("csv:a mine", "csv:b mine")


def test_a_dataset_may_be_left_out(tmp_path):
    source = own_table(tmp_path / "a.csv", one=HIDDEN[:, 0], two=HIDDEN[:, 1])
    predictor = transfer(source, without=["one"])
    assert predictor.knows([predictor.score_one(CELLS[0])]) == ("csv:a two",)


def test_without_sources_it_is_few_label_structure(tmp_path):
    source = own_table(tmp_path / "a.csv", mine=HIDDEN[:, 0])
    values = np.array([SPACE.macs(SPACE.canonical(cell)) for cell in CELLS], dtype=float)
    alone = prepared(FewLabelStructure())
    for predictor in (transfer(), transfer(source, target="mine")):
        assert rho(predictor, values) == rho(alone, values)


def test_a_gap_is_filled_by_structure_and_told(tmp_path):
    macs = np.array([math.log(SPACE.macs(SPACE.canonical(cell))) for cell in CELLS])
    gaps = macs.copy()
    gaps[60:] = math.nan
    predictor = transfer(own_table(tmp_path / "a.csv", other=gaps))
    scores = [predictor.score_one(cell) for cell in CELLS]
    assert predictor.knows(scores) == (f"csv:a other (60 of {len(CELLS)})",)
    ranked = predictor.aggregate(scores)  # without labels
    assert stats.spearmanr(ranked[60:], macs[60:]).statistic > 0.9


def test_without_labels_it_ranks_by_the_mean_of_the_sources(tmp_path):
    source = own_table(tmp_path / "a.csv", one=HIDDEN[:, 0], two=HIDDEN[:, 0])
    ranked = transfer(source, learns=False).score(CELLS)
    assert stats.spearmanr(ranked, HIDDEN[:, 0]).statistic > 0.95


def test_lower_is_better_is_turned(tmp_path):
    source = own_table(tmp_path / "a.csv", latency=HIDDEN[:, 0])
    ranked = transfer(source, lower_is_better=["latency"]).score(CELLS)
    assert stats.spearmanr(ranked, HIDDEN[:, 0]).statistic < -0.95


def test_what_a_store_keeps_depends_on_the_tables_alone(tmp_path):
    source = own_table(tmp_path / "a.csv", one=HIDDEN[:, 0])
    first = transfer(source).settings()
    assert first == transfer(source, without=["one"], target="one", learns=False).settings()
    own_table(tmp_path / "a.csv", one=HIDDEN[:, 1])
    assert first != transfer(source).settings()


def test_a_score_depends_on_no_other(tmp_path):
    predictor = transfer(own_table(tmp_path / "a.csv", one=HIDDEN[:, 0]))
    together = [score.details for score in predictor.score_many(CELLS[:5])]
    assert together == [predictor.score_one(cell).details for cell in CELLS[:5]]


def test_tables_of_another_space_are_refused(shared_data):
    predictor = FewLabelTransfer(PLUGINS, sources=["nb201"], data_root=shared_data)
    with pytest.raises(ConfigError, match="holds architectures of 'nb201', not of 'nb101'"):
        prepared(predictor, NasBench101())


def test_a_dataset_that_is_left_out_must_be_one(tmp_path):
    source = own_table(tmp_path / "a.csv", latency=HIDDEN[:, 0])
    with pytest.raises(ConfigError, match="Did you mean 'latency'"):
        transfer(source, without=["latenzy"])


def length(space, cell):
    """Return how many convolutions a cell has that lie on a path, a measure that spaces share."""
    graph = space.graph_view(space.canonical(cell)).graphs["cell"].live()
    return float(sum("conv" in operation for _, _, operation in graph.edges))


def micro_table(path, generator, dataset="depth"):
    """Write a TransNAS-Bench-101 micro table whose values are lengths; return it."""
    space = TransNasMicro()
    drawn = list(dict.fromkeys(space.sample(generator) for _ in range(300)))
    rows = [[space.text(cell), length(space, cell)] for cell in drawn]
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows([["architecture", dataset], *rows])
    return read_own(path, space, ())


def predicted(table, target="", **options):
    predictor = FewLabelTransfer(PLUGINS, other_spaces=["transnas-micro"], **options)
    predictor.others = [OtherSpace(MeasuredTasks(table, TransNasMicro()))]
    predictor.set_target(target)
    return prepared(predictor)


def test_another_space_says_what_structure_it_likes(tmp_path):
    table = micro_table(tmp_path / "micro.csv", np.random.default_rng(5))
    predictor = predicted(table)
    scores = [predictor.score_one(cell) for cell in CELLS]
    assert predictor.knows(scores) == ("csv:micro depth (another space)",)
    values = np.array([length(SPACE, cell) for cell in CELLS])
    ranked = predictor.aggregate(scores)  # without labels
    assert stats.spearmanr(ranked, values).statistic > 0.9
    assert rho(predictor, values, labels=10) > 0.95
    assert rho(predictor, -values, labels=10) > 0.9


def test_another_space_is_none_for_its_own_dataset(tmp_path):
    table = micro_table(tmp_path / "micro.csv", np.random.default_rng(5), "CIFAR-10")
    predictor = predicted(table, target="cifar10")
    values = np.array([length(SPACE, cell) for cell in CELLS])
    assert predictor.knows([predictor.score_one(cell) for cell in CELLS]) == ()
    assert rho(predictor, values) == rho(prepared(FewLabelStructure()), values)


def test_a_table_of_the_space_itself_is_no_other_space(shared_data):
    predictor = FewLabelTransfer(PLUGINS, other_spaces=["nb201"], data_root=shared_data)
    with pytest.raises(ConfigError, match="name it among the sources"):
        prepared(predictor)
