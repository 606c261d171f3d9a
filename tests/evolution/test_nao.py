"""NAO: texts as rows, the three parts of its model, and what a search proposes."""

from __future__ import annotations

import functools
import math
from copy import deepcopy

import numpy as np
import pytest
import torch

from naslib_proxydata import plugins
from naslib_proxydata.errors import ConfigError
from naslib_proxydata.evolution.domain import Domain
from naslib_proxydata.evolution.loop import search_by_value
from naslib_proxydata.evolution.nao import Nao, ranked_values
from naslib_proxydata.evolution.notation import Notation
from naslib_proxydata.evolution.queries import TrueFitness
from naslib_proxydata.evolution.sequence_model import (
    SequenceModel,
    Sizes,
    Training,
    ascend,
    loss,
    pooled,
    slopes,
    train,
)
from naslib_proxydata.seeding import numpy_generator
from naslib_proxydata.spaces.nb201.space import NasBench201
from naslib_proxydata.testing import OptimizerContract
from naslib_proxydata.testing.randomness import global_states
from tests.evolution.grid import grid

FOUND = plugins.load()
SMALL = {"hidden": 16, "embedding": 8, "epochs": 10}
NB201 = NasBench201()


class TestNao(OptimizerContract):
    queries = 60

    @pytest.fixture
    def factory(self):
        return functools.partial(Nao, **SMALL, population=20)


def texts_of(space, count, seed=0):
    generator = numpy_generator(seed, "texts")
    return list(dict.fromkeys(space.text(space.sample(generator)) for _ in range(count)))


def many_threes(architecture):
    """Return how many of a cell's six operations are 3 x 3 convolutions."""
    return float(NB201.text(architecture).count("nor_conv_3x3"))


# ------------------------------------------------------------------------------------ notation


@pytest.mark.parametrize("name", FOUND.names("spaces"))
def test_every_space_is_written_and_read_back(name):
    texts = texts_of(FOUND.create("spaces", name), 40)
    notation = Notation(texts)
    rows = notation.write(texts)
    assert rows.shape == (len(texts), notation.length)
    assert notation.read(rows) == texts
    assert notation.allowed[np.arange(notation.length), rows].all()


def test_a_row_holds_what_varies():
    texts = texts_of(NB201, 60)
    notation = Notation(texts)
    assert notation.length == 6
    operations = ["avg_pool_3x3", "none", "nor_conv_1x1", "nor_conv_3x3", "skip_connect"]
    assert notation.symbols == operations
    (row,) = notation.write(["|none~0|+|none~0|avg_pool_3x3~1|+|none~0|none~1|skip_connect~2|"])
    assert row.tolist() == [1, 1, 0, 1, 1, 4]
    cells = Notation(texts_of(FOUND.create("spaces", "darts"), 60))
    assert cells.length == 32, "an operation and an input for each of 16 edges"


def test_digits_are_numbers_or_strings_of_digits():
    numbers = Notation(["a-8_160", "b-16_32"])
    assert numbers.symbols == ["16", "160", "32", "8", "a", "b"]
    assert numbers.read(np.array([[4, 0, 2]])) == ["a-16_32"]
    strings = Notation(["010-8", "111-8"])
    assert (strings.symbols, strings.places) == (["0", "1"], [0, 2])
    assert Notation(["1100", "1010"]).places == [1, 2], "too many digits for a number"


def test_a_shorter_text_ends_before():
    notation = Notation(["00:", "00:22", "10:212"])
    rows = notation.write(["00:", "00:22", "10:212"])
    assert notation.read(rows) == ["00:", "00:22", "10:212"]
    ended = rows[0].copy()
    ended[-1] = rows[2][-1]
    assert notation.read(ended[None]) == ["00:"], "what follows the end is not read"


def test_what_only_one_place_has_seen_is_not_allowed_at_another():
    notation = Notation(["x,y", "u,v"])
    assert notation.symbols == ["u", "v", "x", "y"]
    assert notation.allowed.tolist() == [[True, False, True, False], [False, True, False, True]]


# --------------------------------------------------------------------------------------- model


def model_of(notation, *, seed=0, hidden=24, dropout=0.0):
    generator = torch.Generator().manual_seed(seed)
    sizes = Sizes(embedding=8, hidden=hidden, dropout=dropout)
    return SequenceModel(torch.from_numpy(notation.allowed), sizes, generator)


@pytest.fixture(scope="module")
def learnt():
    """Return a model of 40 cells that has learnt how many 3 x 3 convolutions they have."""
    texts = texts_of(NB201, 40)
    notation = Notation(texts)
    rows = torch.from_numpy(notation.write(texts))
    counts = np.array([float(text.count("nor_conv_3x3")) for text in texts])
    values = torch.from_numpy(ranked_values(counts))
    model = model_of(notation)
    train(model, rows, values, Training(250, 40, 0.01, 1e-4, 0.5))
    return model, rows, values


def test_it_reconstructs_what_it_has_learnt(learnt):
    model, rows, _ = learnt
    assert torch.equal(model.decode(model.encode(rows)), rows)
    shuffled = model.encode(rows).roll(1, dims=0)
    assert not torch.equal(model.decode(shuffled), rows), "the codes do not matter"


def test_it_predicts_what_it_has_learnt(learnt):
    model, rows, values = learnt
    predicted = model.predict(model.encode(rows)).detach().numpy()
    assert np.corrcoef(predicted, values.numpy())[0, 1] > 0.9


def test_codes_are_unit_vectors(learnt):
    model, rows, _ = learnt
    codes = model.encode(rows)
    assert codes.shape == (*rows.shape, 24)
    for vectors in (codes, pooled(codes), ascend(codes, slopes(model, codes), 3.0)):
        torch.testing.assert_close(vectors.norm(dim=-1), torch.ones(vectors.shape[:-1]))


def test_the_ascent_raises_what_is_predicted(learnt):
    model, rows, _ = learnt
    codes = model.encode(rows).detach()
    gradient = slopes(model, codes)
    before, after = (model.predict(ascend(codes, gradient, step)) for step in (0.0, 1.0))
    assert (after > before).all()
    down = model.predict(ascend(codes, -gradient, 1.0))
    assert (down < before).all()


def test_slopes_are_finite_differences(learnt):
    single, rows, _ = learnt
    model, codes = deepcopy(single).double(), single.encode(rows[:2]).detach().double()
    gradient = slopes(model, codes)
    for place in [(0, 0, 0), (1, 5, 7)]:
        nudge = torch.zeros_like(codes)
        nudge[place] = 1e-6
        with torch.no_grad():
            rise = (model.predict(codes + nudge) - model.predict(codes - nudge)).sum() / 2e-6
        assert float(gradient[place]) == pytest.approx(float(rise), rel=1e-4)


def test_what_may_not_stand_somewhere_is_never_decoded():
    notation = Notation(["x,y", "u,v"])
    model = model_of(notation)
    codes = torch.randn(50, 2, 24, generator=torch.Generator().manual_seed(1))
    texts = notation.read(model.decode(codes).numpy())
    assert set(texts) <= {"x,y", "x,v", "u,y", "u,v"}


def test_decoding_chooses_the_likeliest_symbol_given_those_before(learnt):
    model, rows, _ = learnt
    codes = model.encode(rows).roll(1, dims=0).lerp(model.encode(rows), 0.5)
    decoded = model.decode(codes)
    assert torch.equal(model.scores(codes, decoded).argmax(-1), decoded)


def test_the_loss_is_that_of_the_paper(learnt):
    model, rows, values = learnt
    codes = model.encode(rows)
    squared = (model.predict(codes) - values).square().mean()
    scores = model.scores(codes, rows)
    logs = scores - scores.exp().sum(-1, keepdim=True).log()
    unlikely = -logs.gather(-1, rows[..., None]).sum() / len(rows)
    torch.testing.assert_close(loss(model, rows, values, 0.8), 0.8 * squared + 0.2 * unlikely)


def test_nothing_is_dropped_but_while_it_learns():
    notation = Notation(texts_of(NB201, 40))
    rows = torch.from_numpy(notation.write(texts_of(NB201, 40)))
    model = model_of(notation, dropout=0.5)
    model.train()
    assert not torch.equal(model.encode(rows), model.encode(rows))
    model.eval()
    assert torch.equal(model.encode(rows), model.encode(rows))


# ------------------------------------------------------------------------------------ optimizer


def begun(domain, seed=0, **options):
    optimizer = Nao(**{**SMALL, "population": 20, "new": 5, **options})
    optimizer.begin(domain, numpy_generator(seed, "nao"))
    return optimizer


def searched(name, seed, queries, **options):
    true = TrueFitness(Domain(NB201), many_threes)
    optimizer = FOUND.create("optimizers", name, **options)
    optimizer.begin(true.domain, numpy_generator(seed, name))
    search_by_value(optimizer, true, queries)
    return true.queries


def test_it_comes_to_better_ones_than_random_search():
    """Six 3 x 3 convolutions are one cell in 15,625; thirty queries follow the model."""
    options = {"hidden": 32, "embedding": 16, "epochs": 100, "learning_rate": 0.01}
    learnt = [searched("nao", seed, 55, **options, population=25) for seed in range(5)]
    drawn = [searched("random", seed, 55) for seed in range(5)]
    late, random = (
        np.mean([np.mean([one.value for one in queries[25:]]) for queries in runs])
        for runs in (learnt, drawn)
    )
    assert late > random + 0.9
    best, drawn_best = (np.mean([queries[-1].best for queries in runs]) for runs in (learnt, drawn))
    assert best > drawn_best


def test_a_seed_gives_one_search_and_no_global_generator_moves():
    before = global_states()
    options = {**SMALL, "population": 15}
    first, again, other = (searched("nao", seed, 40, **options) for seed in (0, 0, 1))
    assert before == global_states()
    texts = [[query.architecture for query in queries] for queries in (first, again, other)]
    assert texts[0] == texts[1]
    assert texts[0][:15] != texts[2][:15]


def test_what_does_not_parse_is_not_allowed_or_known_is_dropped(monkeypatch):
    domain = grid(allows=lambda one: sum(one) % 2 == 0, condition="an even sum")
    optimizer = begun(domain)
    first = optimizer.propose({})
    fitness = {domain.key(one): float(sum(one)) for one in first}
    known = "{},{}".format(*first[0])
    new = next((x, x + 2) for x in range(10) if domain.key((x, x + 2)) not in fitness)
    decoded = ["3,", "1,2,3", "1,2", known, "{},{}".format(*new), "{1},{0}".format(*new)]
    monkeypatch.setattr(Nao, "_ascents", lambda *_: iter([decoded]))
    monkeypatch.setattr(domain, "sample", lambda _: (0, 0))
    proposed = optimizer.propose(fitness)
    assert proposed == [new, *[(0, 0)] * 4], "all else is drawn"


def test_small_steps_come_first_and_no_more_are_made_than_needed(monkeypatch):
    optimizer = begun(grid(), new=2)
    optimizer.propose({})
    fitness = {key: float(sum(one)) for key, one in optimizer._proposed.items()}
    missing = [(x, x) for x in range(12) if optimizer.domain.key((x, x)) not in fitness]
    texts = ["{},{}".format(*one) for one in missing[:3]]
    asked = []

    def ascents(*_):
        for text in texts:
            asked.append(text)
            yield [text]

    monkeypatch.setattr(Nao, "_ascents", ascents)
    assert optimizer.propose(fitness) == missing[:2]
    assert asked == texts[:2]


@pytest.mark.parametrize(
    "values",
    [
        lambda number: 1.0,
        lambda number: -math.inf,
        lambda number: float(number) if number < 3 else -math.inf,
    ],
    ids=["all equal", "all failed", "three finite"],
)
def test_where_there_is_nothing_to_learn_draws_are_random(monkeypatch, values):
    monkeypatch.delattr(Nao, "_ascents")
    optimizer = begun(grid())
    proposed = optimizer.propose({})
    keys = dict.fromkeys(optimizer.domain.key(one) for one in proposed)
    fitness = {key: values(number) for number, key in enumerate(keys)}
    assert len(optimizer.propose(fitness)) == 5


def test_where_nothing_new_is_known_it_does_not_learn_again(monkeypatch):
    few = ["0,0", "0,1", "1,1", "2,1", "2,2"]
    domain = grid(allows=lambda one: "{},{}".format(*one) in few, listed=few)
    learnt = []
    monkeypatch.setattr("naslib_proxydata.evolution.nao.train", lambda *_: learnt.append(1))
    true = TrueFitness(domain, lambda one: float(sum(one)))
    search_by_value(begun(domain), true, 100)
    assert len(true.queries) == len(few)
    assert len(learnt) <= 2


def test_failures_are_not_learnt_from(monkeypatch):
    optimizer = begun(grid())
    optimizer.propose({})
    keys = list(optimizer._proposed)
    fitness = {key: -math.inf if number == 2 else float(number) for number, key in enumerate(keys)}
    seen = {}
    monkeypatch.setattr(
        Nao, "_ascents", lambda _, texts, values: iter([seen.update({0: (texts, values)}) or []])
    )
    optimizer.propose(fitness)
    texts, values = seen[0]
    assert len(texts) == len(values) == len(keys) - 1
    assert np.isfinite(values).all()


def test_weights_go_on_while_rows_stay_what_they_are():
    optimizer = begun(grid())
    few, more = Notation(["0,1", "1,0"]), Notation(["0,1", "1,0", "1,1"])
    model = optimizer._model_of(few)
    assert optimizer._model_of(more) is model
    grown = optimizer._model_of(Notation(["0,1", "1,0", "2,1"]))
    assert grown is not model
    assert grown.allowed.shape == (2, 3)


@pytest.mark.parametrize(("batched", "count"), [(False, 10), (True, 20)])
def test_a_round_is_as_large_as_evaluations_are_cheap(batched, count):
    optimizer = Nao(**SMALL, population=20)
    optimizer.begin(Domain(NB201), numpy_generator(0), batched=batched)
    first = optimizer.propose({})
    assert len(first) == 20
    fitness = {optimizer.domain.key(one): many_threes(one) for one in first}
    assert len(optimizer.propose(fitness)) == count


def test_it_learns_ranks_and_ties_share_theirs():
    assert ranked_values(np.array([3.0, -9.0, 2.0, 1.5, 2.0])).tolist() == pytest.approx(
        [1.0, 0.0, 2 / 3, 1 / 3, 2 / 3]
    )


def test_wrong_options_are_told():
    with pytest.raises(ConfigError, match=r"'nao': trade_off: .* got 2"):
        Nao(trade_off=2)
    with pytest.raises(ConfigError, match="unknown key 'epoch'"):
        Nao(epoch=1)
