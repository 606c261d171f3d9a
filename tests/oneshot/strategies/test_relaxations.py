"""Formulas of the strategies against independent references."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.special import softmax as scipy_softmax
from scipy.stats import kstest
from torch.distributions import Dirichlet

from naslib_proxydata.errors import ConfigError
from naslib_proxydata.oneshot.architecture import ArchitectureParameters
from naslib_proxydata.oneshot.base import Strategy, combine
from naslib_proxydata.oneshot.first_order import FirstOrder, Softmax
from naslib_proxydata.oneshot.mixture import Choices, masked_softmax
from naslib_proxydata.oneshot.moment import Moment
from naslib_proxydata.oneshot.strategies.beta_darts import BetaDecay, beta_darts
from naslib_proxydata.oneshot.strategies.darts import SecondOrder
from naslib_proxydata.oneshot.strategies.drnas import DirichletSample, dirichlet
from naslib_proxydata.oneshot.strategies.gdas import GumbelHard, gdas, gumbel_noise
from naslib_proxydata.oneshot.strategies.p_darts import p_darts
from naslib_proxydata.oneshot.strategies.pc_darts import pc_darts
from naslib_proxydata.oneshot.strategies.random_sharing import UniformHard, random_sharing
from naslib_proxydata.oneshot.strategies.robust_darts import robust_darts
from naslib_proxydata.oneshot.strategies.sdarts import RandomSmoothing
from naslib_proxydata.seeding import torch_generator
from tests.oneshot.fakes import make_learner

EVERYTHING = torch.ones(6, 5, dtype=torch.bool)


def moment(epoch: int = 1, epochs: int = 10, seed: int = 0) -> Moment:
    return Moment(epoch, epochs, torch_generator(seed))


def random_alpha(seed: int = 0) -> torch.Tensor:
    return torch.randn(6, 5, generator=torch_generator(seed, "alpha"), dtype=torch.float64)


def test_softmax_over_what_is_allowed() -> None:
    alpha, allowed = random_alpha(), EVERYTHING.clone()
    allowed[1, 2] = allowed[1, 4] = False
    allowed[4] = False
    mixture = Softmax().mix(alpha, allowed, moment())
    np.testing.assert_allclose(mixture.weights[0], scipy_softmax(alpha[0].numpy()))
    kept = [0, 1, 3]
    np.testing.assert_allclose(mixture.weights[1][kept], scipy_softmax(alpha[1].numpy()[kept]))
    assert mixture.weights[1][2] == mixture.weights[1][4] == 0
    assert (mixture.weights[4] == 0).all()
    assert mixture.active is None  # all that is allowed, which the parameters know


def test_gumbel_noise_has_the_gumbel_distribution() -> None:
    noise = gumbel_noise((20000,), torch_generator(0)).numpy()
    assert kstest(noise, "gumbel_r").pvalue > 0.01


def test_gdas_draws_operations_with_their_softmax_probabilities() -> None:
    alpha = random_alpha()
    relaxation, when = GumbelHard(), moment(seed=3)
    counts = np.zeros((6, 5))
    draws = 4000
    for _ in range(draws):
        mixture = relaxation.mix(alpha, EVERYTHING, when)
        assert ((mixture.weights == 0) | (mixture.weights == 1)).all()
        for row, (column,) in enumerate(mixture.active):
            counts[row, column] += 1
            assert mixture.weights[row, column] == 1
    probabilities = scipy_softmax(alpha.numpy(), axis=1)
    tolerance = 4 * np.sqrt(probabilities * (1 - probabilities) / draws)
    assert (abs(counts / draws - probabilities) < tolerance).all()


def test_gdas_sends_back_the_gradient_of_the_soft_sample() -> None:
    alpha = random_alpha().requires_grad_()
    direction = random_alpha(1)
    relaxation, when = GumbelHard(10.0, 0.1), moment(epoch=4)
    mixture = relaxation.mix(alpha, EVERYTHING, when)
    assert mixture.idle is not None
    total = (mixture.weights * direction).sum()
    (ours,) = torch.autograd.grad(total, alpha, retain_graph=True)
    tau = 10.0 + (0.1 - 10.0) * 3 / 9
    noise = gumbel_noise((6, 5), moment(epoch=4).generator)
    other = alpha.detach().clone().requires_grad_()
    soft = torch.softmax((torch.log_softmax(other, -1) + noise) / tau, -1)
    (theirs,) = torch.autograd.grad((soft * direction).sum(), other)
    torch.testing.assert_close(ours, theirs)
    assert [row.argmax().item() for row in soft] == [one for (one,) in mixture.active]
    torch.testing.assert_close(mixture.idle, torch.zeros(6, dtype=torch.float64))


def test_gdas_temperature_falls_linearly() -> None:
    relaxation = GumbelHard(10.0, 0.1)
    taus = [relaxation.tau(moment(epoch, 5)) for epoch in range(1, 6)]
    np.testing.assert_allclose(taus, np.linspace(10.0, 0.1, 5))


def test_gdas_never_draws_what_is_forbidden() -> None:
    allowed = EVERYTHING.clone()
    allowed[:, 3] = False
    allowed[2] = False
    when = moment()
    for _ in range(200):
        mixture = GumbelHard().mix(100 * random_alpha(), allowed, when)
        assert mixture.active[2] == ()
        assert all(3 not in row for row in mixture.active)


def test_dirichlet_samples_have_the_right_mean_and_variance() -> None:
    concentration = torch.tensor([0.5, 1.0, 2.5], dtype=torch.float64)
    generator = torch_generator(0)
    drawn = dirichlet(concentration.expand(20000, 3), generator)
    exact = Dirichlet(concentration)
    torch.testing.assert_close(drawn.mean(0), exact.mean, atol=0.01, rtol=0)
    torch.testing.assert_close(drawn.var(0), exact.variance, atol=0.005, rtol=0)


def test_the_dirichlet_gradient_is_that_of_the_expectation() -> None:
    alpha = torch.tensor([0.3, -0.4, 1.2], dtype=torch.float64)

    def expectation(parameters: torch.Tensor) -> torch.Tensor:
        concentration = torch.nn.functional.elu(parameters) + 1
        total = concentration.sum()
        second = concentration * (concentration + 1) / (total * (total + 1))
        return (second * torch.tensor([1.0, 2.0, 3.0])).sum()  # E[sum_k k w_k^2]

    exact = alpha.clone().requires_grad_()
    expectation(exact).backward()
    many = alpha.expand(40000, 3).clone().requires_grad_()
    allowed = torch.ones(40000, 3, dtype=torch.bool)
    weights = DirichletSample().mix(many, allowed, moment()).weights
    (weights**2 * torch.tensor([1.0, 2.0, 3.0])).sum().backward()
    torch.testing.assert_close(many.grad.mean(0), exact.grad, atol=0.02, rtol=0)


def test_drnas_derives_from_the_mean_of_its_distribution() -> None:
    alpha = random_alpha()
    numbers = alpha.numpy()
    expected = np.where(numbers > 0, numbers + 1, np.exp(numbers))
    expected /= expected.sum(1, keepdims=True)
    np.testing.assert_allclose(DirichletSample().strengths(alpha, EVERYTHING), expected)


@pytest.mark.parametrize("epoch", [1, 7, 100])
def test_beta_decay_written_out(epoch: int) -> None:
    alphas = [random_alpha(0), random_alpha(1)[:3]]
    edges = [math.log(sum(math.exp(a) for a in row)) for one in alphas for row in one.tolist()]
    expected = 0.5 * (epoch - 1) * sum(edges) / 9
    assert float(BetaDecay().penalty(alphas, moment(epoch, 100))) == pytest.approx(expected)


@pytest.mark.parametrize(("epoch", "bound"), [(1, 0.03), (51, 0.165), (100, 0.2973)])
def test_random_smoothing(epoch: int, bound: float) -> None:
    weights = masked_softmax(random_alpha(), EVERYTHING)
    when = moment(epoch, 100)
    uniform = torch.rand((6, 5), generator=torch_generator(0)).double().numpy()
    disturbed = np.clip(weights.numpy() + (2 * uniform - 1) * bound, 0, 1)
    disturbed /= disturbed.sum(1, keepdims=True)
    result = RandomSmoothing().perturb(weights, EVERYTHING, when)
    np.testing.assert_allclose(result, disturbed, rtol=1e-9)


def test_smoothing_leaves_forbidden_candidates_at_zero() -> None:
    allowed = EVERYTHING.clone()
    allowed[0, 0] = False
    weights = masked_softmax(random_alpha(), allowed)
    result = RandomSmoothing().perturb(weights, allowed, moment(90, 100))
    assert result[0, 0] == 0
    assert result[0].sum() == pytest.approx(1)


def test_random_sharing_is_uniform_over_what_is_allowed() -> None:
    allowed = EVERYTHING.clone()
    allowed[0, 1:3] = False
    allowed[5] = False
    counts, when = np.zeros((6, 5)), moment()
    for _ in range(3000):
        mixture = UniformHard().mix(random_alpha(), allowed, when)
        counts += mixture.weights.numpy()
        assert mixture.active[5] == ()
    assert counts[0, 1] == counts[0, 2] == 0
    np.testing.assert_allclose(counts[0, [0, 3, 4]] / 3000, 1 / 3, atol=0.04)
    np.testing.assert_allclose(counts[1:5] / 3000, 1 / 5, atol=0.04)


EDGES = Choices(((0, 1), (0, 2), (1, 2), (0, 3), (1, 3)), (("a", "b"),) * 5)


def test_edge_weights_are_a_softmax_over_the_edges_into_a_node() -> None:
    parameters = ArchitectureParameters({"cell": EDGES}, torch_generator(0), edge_weights=True)
    with torch.no_grad():
        parameters.edge["cell"].copy_(torch.tensor([0.5, 1.0, -1.0, 2.0, 0.0]))
    weights = parameters.edge_softmax("cell").detach().numpy()
    assert weights[0] == pytest.approx(1.0)
    np.testing.assert_allclose(weights[1:3], scipy_softmax([1.0, -1.0]), rtol=1e-6)
    np.testing.assert_allclose(weights[3:], scipy_softmax([2.0, 0.0]), rtol=1e-6)
    mixture = parameters.mixtures(Softmax(), moment())["cell"]
    inner = scipy_softmax(parameters.alpha["cell"].detach().numpy(), axis=1)
    np.testing.assert_allclose(
        mixture.weights.detach().numpy(), inner * weights[:, None], rtol=1e-6
    )
    strengths = parameters.strengths(Softmax())["cell"]
    np.testing.assert_allclose(strengths, inner * weights[:, None], rtol=1e-6)


def test_strategies_are_combined_part_by_part() -> None:
    both = combine(pc_darts(), beta_darts())
    assert both.name == "pc-darts+beta-darts"
    assert both.partial == 4
    assert both.edge_weights
    assert both.regularisers == (BetaDecay(0.5),)
    assert both.settings["warm_up"] == 15
    assert both.published("nb201")["epochs"] == 100
    assert both.published("darts")["epochs"] == 50
    assert "architecture_decay" not in both.settings  # DARTS' own is kept


def test_a_strategy_has_the_parts_of_first_order_darts_until_another_names_its_own() -> None:
    plain = Strategy("plain")
    assert (plain.relaxation, plain.step) == (Softmax(), FirstOrder())
    assert (plain.partial, plain.edge_weights, plain.learns) == (1, False, True)
    unrolled = Strategy("unrolled", step=SecondOrder(), learns=False)
    for both in (combine(plain, unrolled), combine(unrolled, plain)):
        assert (both.relaxation, both.step, both.learns) == (Softmax(), SecondOrder(), False)


def test_contradicting_strategies_are_refused() -> None:
    with pytest.raises(ConfigError, match="both set the relaxation"):
        combine(Strategy("a", relaxation=GumbelHard()), Strategy("b", relaxation=DirichletSample()))
    one, other = Strategy("a", settings={"epochs": 3}), Strategy("b", settings={"epochs": 4})
    for both in (combine(one, other), combine(other, one)):
        with pytest.raises(ConfigError, match=r"different epochs \(.*--epochs E"):
            both.published("nb201")
        assert both.published("nb201", {"epochs"}) == {}


def test_a_clash_is_one_of_the_space_and_of_settings_that_nobody_gives() -> None:
    both = combine(p_darts(), beta_darts())  # 75 epochs, and 100 or 50
    for space in ("nb201", "darts"):
        with pytest.raises(ConfigError, match="different epochs"):
            both.published(space)
        wanted = both.published(space, {"epochs", "seed"})
        assert wanted == {"batch_size": 96, "architecture_lr": 6e-4, "weights_lr_min": 0.0}
    fast = Strategy("fast", settings_in={"darts": {"warm_up": 3}})
    slow = Strategy("slow", settings={"warm_up": 9})
    assert combine(fast, slow).published("nb201") == {"warm_up": 9}
    with pytest.raises(ConfigError, match=r"warm_up \(3 for fast, 9 for slow\).*training.warm_up="):
        combine(fast, slow).published("darts")


def test_lambda_of_beta_darts_counts_all_epochs_and_forgets_what_stages_have_forbidden() -> None:
    learner = make_learner(combine(p_darts(), beta_darts()), cells=3, epochs=30)
    mask = np.zeros((6, 5), dtype=bool)
    mask[:, 3:] = True
    learner.architecture.forbid("cell", mask)
    when = Moment(25, 30, torch_generator(0))
    alpha = learner.architecture.alpha["cell"].detach().numpy().astype(np.float64)
    expected = 0.5 * 24 * np.log(np.exp(alpha[:, :3]).sum(1)).mean()
    assert float(learner.penalty(when).detach()) == pytest.approx(expected, rel=1e-6)


def test_what_is_forbidden_is_not_run() -> None:
    parameters = ArchitectureParameters({"cell": EDGES}, torch_generator(0))
    assert parameters.mixtures(Softmax(), moment())["cell"].active == ((0, 1),) * 5
    mask = np.zeros((5, 2), dtype=bool)
    mask[1] = mask[3, 0] = True
    parameters.forbid("cell", mask)
    expected = ((0, 1), (), (0, 1), (1,), (0, 1))
    assert parameters.mixtures(Softmax(), moment())["cell"].active == expected
    other = ArchitectureParameters({"cell": EDGES}, torch_generator(1))
    other.mixtures(Softmax(), moment())
    other.load_state_dict(parameters.state_dict())
    assert other.mixtures(Softmax(), moment())["cell"].active == expected


def test_the_published_settings_of_several_strategies() -> None:
    for strategy in (gdas(), random_sharing()):
        assert strategy.weights_first
        assert strategy.published("nb201") == {
            "epochs": 250,
            "nesterov": True,
            "weight_decay": 5e-4,
        }
    assert random_sharing().pick_batch == 512
    assert robust_darts().settings == {"weight_decay": 0.0243}
    assert beta_darts().published("nb201") == {"epochs": 100}
    assert beta_darts().published("darts") == {"epochs": 50}
