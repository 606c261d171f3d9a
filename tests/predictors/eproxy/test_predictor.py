"""Eproxy's score, against a plain training loop and on cells of NAS-Bench-201."""

from __future__ import annotations

import copy
import dataclasses
import math

import numpy as np
import pytest
import torch
from torch import nn

from naslib_proxydata.data.batch import ImageBatch
from naslib_proxydata.errors import ConfigError, DatasetError
from naslib_proxydata.predictors.base import ScoringTask
from naslib_proxydata.predictors.eproxy.config import resolve
from naslib_proxydata.predictors.eproxy.predictor import Eproxy, batch, crop_and_flip
from naslib_proxydata.predictors.eproxy.student import assemble, initialise, make_barriers
from naslib_proxydata.predictors.eproxy.training import train
from naslib_proxydata.spaces.nb201.space import NasBench201

RICH = "|nor_conv_3x3~0|+|avg_pool_3x3~0|nor_conv_1x1~1|+|skip_connect~0|nor_conv_3x3~1|none~2|"
POOR = "|none~0|+|none~0|none~1|+|avg_pool_3x3~0|none~1|none~2|"
DEAD = "|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|nor_conv_3x3~2|"
SMALL = [{"features": ["sine_high", "dot"], "mid_channels": 12, "out_channels": 10}] * 3


@pytest.fixture(scope="module")
def space() -> NasBench201:
    return NasBench201(channels=4, cells_per_stage=1)


@pytest.fixture(scope="module")
def images() -> ImageBatch:
    generator = torch.Generator().manual_seed(5)
    pixels = torch.rand(8, 3, 32, 32, generator=generator)
    return ImageBatch(pixels, torch.zeros(8), (0.5,) * 3, (0.25,) * 3, "noise", "", 10)


def prepared(space, pictures, seed=0, **options):
    predictor = Eproxy(**{"branches": SMALL, "batch": 8, **options})
    predictor.prepare(ScoringTask(space, pictures, seed))
    return predictor


def reference_losses(student, images, targets, config):
    """Train the obvious way: every step taken, torch's own optimizer, NCHW, no shortcuts."""
    model = copy.deepcopy(student).to(memory_format=torch.contiguous_format)
    decayed = [p for n, p in model.named_parameters() if p.ndim > 1 and "barriers" not in n]
    plain = [p for n, p in model.named_parameters() if p.ndim <= 1 and "barriers" not in n]
    optimizer = torch.optim.SGD(
        [{"params": decayed, "weight_decay": 4e-5}, {"params": plain, "weight_decay": 0}],
        lr=config.learning_rate,
        momentum=0.9,
        foreach=False,
    )
    losses = []
    for _ in range(10):
        taps = model.trunk(images.contiguous())
        squared = []
        for tap, transform, barrier, goal in zip(
            taps, model.transforms, model.barriers, targets, strict=True
        ):
            step = tap.shape[-1] // 8
            hidden = transform(tap[:, :, ::step, ::step])  # nearest neighbour
            squared.append(((barrier(hidden) - goal) ** 2).mean())
        losses.append((squared[0] + squared[1] / 2 + squared[2] / 4).item())
        optimizer.zero_grad()
        (squared[0] + squared[1] + squared[2]).backward()
        optimizer.step()
    return losses


def test_losses_are_those_of_a_plain_training_loop(space, images):
    """In double precision, where ten steps at a large learning rate do not amplify rounding."""
    predictor = prepared(space, images)
    config = predictor.config
    trunk = space.trunk(space.parse(RICH), torch.Generator().manual_seed(1))
    student = assemble(trunk, make_barriers(config, 0), config, (8, 8), 0).double()
    pixels = predictor._images.double()
    targets = [one.double() for one in predictor._targets]
    expected = reference_losses(student, pixels, targets, config)
    assert len(expected) == 10
    np.testing.assert_allclose(train(student, pixels, targets, config), expected, rtol=1e-9)


def test_score_is_the_negative_last_loss(space, images):
    score = prepared(space, images).score_one(space.parse(RICH))
    assert len(score.details["losses"]) == 10
    assert score.value == -score.details["losses"][-1]
    assert score.reason == ""


def test_losses_are_not_added_by_the_built_in_sum(space, images, request):
    expected = prepared(space, images).score_one(space.parse(RICH)).value
    request.getfixturevalue("wrong_sum")
    assert prepared(space, images).score_one(space.parse(RICH)).value == expected


def test_training_learns_the_target(space, images):
    losses = prepared(space, images).score_one(space.parse(RICH)).details["losses"]
    assert losses[-1] < 0.9 * losses[0]


def test_scores_do_not_depend_on_order_or_on_other_random_numbers(space, images):
    cells = [space.parse(RICH), space.parse(POOR)]
    forwards = prepared(space, images).score(cells)
    torch.rand(7)
    predictor = prepared(space, images)
    assert np.array_equal(predictor.score(cells[::-1])[::-1], forwards)
    assert np.array_equal(predictor.score(cells), forwards)
    assert forwards[0] != forwards[1]
    assert not np.array_equal(prepared(space, images, seed=1).score(cells), forwards)


def test_global_generator_is_left_alone(space, images):
    before = torch.get_rng_state()
    prepared(space, images).score_one(space.parse(RICH))
    assert torch.equal(torch.get_rng_state(), before)


def test_functionally_equal_cells_share_a_score(space, images):
    predictor = prepared(space, images)
    with_dead_edge = POOR.replace("|none~0|+|none~0|none~1|+", "|none~0|+|none~0|nor_conv_1x1~1|+")
    assert predictor.score_one(space.parse(with_dead_edge)).value == (
        predictor.score_one(space.parse(POOR)).value
    )


def test_the_barrier_never_learns(space, images):
    predictor = prepared(space, images)
    before = [copy.deepcopy(one.state_dict()) for one in predictor._barriers]
    predictor.score_one(space.parse(RICH))
    for barrier, old in zip(predictor._barriers, before, strict=True):
        assert isinstance(barrier, nn.Conv2d)
        assert all(weight.grad is None for weight in barrier.parameters())
        assert all(torch.equal(old[name], value) for name, value in barrier.state_dict().items())


def test_without_barrier_the_transform_layer_faces_the_target(space, images):
    predictor = prepared(space, images, barrier=False)
    trunk = space.trunk(space.parse(RICH), torch.Generator().manual_seed(1))
    student = assemble(trunk, predictor._barriers, predictor.config, (8, 8), 0)
    assert [t[0].out_channels for t in student.transforms] == [10, 10, 10]
    value = predictor.score_one(space.parse(RICH)).value
    assert value != prepared(space, images).score_one(space.parse(RICH)).value


def test_dead_cells_rank_last_without_being_trained(space, images):
    score = prepared(space, images).score_one(space.parse(DEAD))
    assert score.value == -math.inf
    assert "does not depend on the input" in score.reason


def test_divergence_is_nan_with_the_iteration(space, images):
    score = prepared(space, images, learning_rate=1e30).score_one(space.parse(RICH))
    assert math.isnan(score.value)
    count = len(score.details["losses"])
    assert 1 < count < 10
    assert score.reason == f"the loss diverged at iteration {count}"


def test_a_positive_alpha_favours_more_macs(space, images):
    cell = space.canonical(space.parse(RICH))
    plain = prepared(space, images).score_one(cell)
    macs = space.scored_macs(cell)
    with_term = prepared(space, images, mac_alpha=0.5, mac_reference=2.0 * macs).score_one(cell)
    assert with_term.value == pytest.approx(0.75 * plain.value)
    assert with_term.value > plain.value
    assert with_term.details == plain.details


def test_noise_images_ignore_the_images_and_pictures_do_not(space, images):
    cell = space.parse(RICH)
    darker = dataclasses.replace(images, pixels=images.pixels / 3)
    noise = prepared(space, images, images="noise")
    assert noise._images.std().item() == pytest.approx(1, abs=0.02)
    assert noise.score_one(cell).value == (
        prepared(space, darker, images="noise").score_one(cell).value
    )
    assert prepared(space, images).score_one(cell).value != (
        prepared(space, darker).score_one(cell).value
    )


def test_images_are_normalised_and_resized(space, images):
    config = resolve({"augment": False, "batch": 8}, "nb201")
    values = batch(ScoringTask(space, images), config)
    assert torch.allclose(values, (images.pixels - 0.5) / 0.25)
    small = ImageBatch(torch.rand(8, 3, 16, 20), images.labels, (0.5,), (0.5,), "x", "", 10)
    assert batch(ScoringTask(space, small), config).shape == (8, 3, 32, 32)


def test_every_crop_is_a_shift_and_maybe_a_mirror_image():
    pixels = torch.rand(64, 1, 32, 32, generator=torch.Generator().manual_seed(0)) + 0.1
    crops = crop_and_flip(pixels, torch.Generator().manual_seed(1))
    shifts, mirrored = set(), 0
    for image, crop in zip(pixels[:, 0], crops[:, 0], strict=True):
        padded = nn.functional.pad(image, (4, 4, 4, 4))
        found = [
            (top, left, flipped)
            for top in range(9)
            for left in range(9)
            for flipped in (False, True)
            if torch.equal(
                crop.flip(-1) if flipped else crop, padded[top : top + 32, left : left + 32]
            )
        ]
        assert len(found) == 1
        shifts.add(found[0][:2])
        mirrored += found[0][2]
    assert len(shifts) > 30
    assert 16 < mirrored < 48


def test_too_few_images_and_too_many_branches_are_named(space, images):
    with pytest.raises(DatasetError, match="16 images are needed"):
        prepared(space, images, batch=16)

    class OneTap(NasBench201):
        def trunk(self, *arguments, **options):
            trunk = super().trunk(*arguments, **options)
            trunk.channels = trunk.channels[:1]
            return trunk

    predictor = prepared(OneTap(4, 1), images)
    with pytest.raises(ConfigError, match=r"3 branches were asked for.*1 taps"):
        predictor.score_one(space.parse(RICH))


@pytest.mark.parametrize(
    ("kind", "bias", "std"),
    [
        ("xavier_uniform", 0.01, math.sqrt(2 / (9 * (16 + 64)))),
        ("xavier_normal", 0.01, math.sqrt(2 / (9 * (16 + 64)))),
        ("kaiming_uniform", 0.0, math.sqrt(2 / (9 * 64))),
        ("kaiming_normal", 0.0, math.sqrt(2 / (9 * 64))),
    ],
)
def test_initialisations_have_their_spread(kind, bias, std):
    layer = nn.Conv2d(16, 64, 3)
    initialise(layer, kind, torch.Generator().manual_seed(0))
    assert layer.weight.std().item() == pytest.approx(std, rel=0.05)
    bound = math.sqrt(3) * std
    assert (layer.weight.abs().max().item() <= bound + 1e-6) == kind.endswith("uniform")
    assert torch.all(layer.bias == bias)


def test_both_initialisations_change_the_score(space, images):
    cell = space.parse(RICH)
    values = {
        prepared(space, images, **{which: kind}).score_one(cell).value
        for which in ("network_init", "barrier_init")
        for kind in ("default", "xavier_normal", "kaiming_uniform")
    }
    assert len(values) == 5  # the default is counted once


def test_read_at_scores_by_the_loss_of_that_iteration(space, images):
    cell = space.parse(RICH)
    whole = prepared(space, images, iterations=6).score_one(cell)
    early = prepared(space, images, iterations=6, read_at=3).score_one(cell)
    short = prepared(space, images, iterations=3).score_one(cell)
    assert early.value == -whole.details["losses"][2] == short.value
    assert early.details == whole.details


def test_a_loss_that_diverges_after_read_at_was_read_before(space, images):
    cell = space.parse(RICH)
    late = prepared(space, images, learning_rate=1e20).score_one(cell)
    assert math.isnan(late.value)
    assert "diverged" in late.reason
    early = prepared(space, images, learning_rate=1e20, read_at=1).score_one(cell)
    assert math.isfinite(early.value)


def test_without_transform_layer_the_barrier_sits_on_the_trunk(space, images):
    predictor = prepared(space, images, transform=False)
    student = predictor.student(space.parse(RICH))
    assert [barrier.in_channels for barrier in student.barriers] == [16, 8, 4]
    assert [barrier.out_channels for barrier in student.barriers] == [10] * 3
    trained = {name.split(".")[0] for name, w in student.named_parameters() if w.requires_grad}
    assert trained == {"trunk"}
    again = predictor.student(space.parse(POOR))
    assert torch.equal(again.barriers[0].weight, student.barriers[0].weight)
    assert math.isfinite(predictor.score_one(space.parse(RICH)).value)


def test_stacked_students_without_transform_layer_are_those_one_by_one(space, images):
    predictor = prepared(space, images, transform=False, iterations=2)
    cells = [space.parse(RICH), space.parse(POOR)]
    together = [score.value for score in predictor.evaluate_many(cells)]
    assert together == pytest.approx([predictor.score_one(cell).value for cell in cells], rel=1e-3)


def test_barriers_are_one_a_branch_or_shared_where_their_shapes_agree(space, images):
    own = prepared(space, images).student(space.parse(RICH)).barriers
    assert not torch.equal(own[0].weight, own[1].weight)
    shared = prepared(space, images, shared_barrier=True).student(space.parse(RICH)).barriers
    assert shared[0] is shared[1] is shared[2]
    assert torch.equal(shared[0].weight, own[0].weight)
    wider = [SMALL[0], {**SMALL[0], "mid_channels": 14}, SMALL[0]]
    mixed = prepared(space, images, branches=wider, shared_barrier=True)
    first, second, third = mixed.student(space.parse(RICH)).barriers
    assert first is third
    assert second.in_channels == 14


def test_label_convolutions_are_one_a_branch_or_shared(space, images):
    branches = [{**SMALL[0], "features": ["net"]}, {**SMALL[0], "features": ["net"]}]
    own = prepared(space, images, branches=branches, batch=2)._targets
    assert not torch.equal(own[0], own[1])
    shared = prepared(space, images, branches=branches, batch=2, shared_label=True)._targets
    assert torch.equal(shared[0], shared[1])
    assert torch.equal(shared[0], own[0])


def test_more_branches_than_taps_are_told_with_what_to_do(space, images):
    class OneTap(NasBench201):
        def trunk(self, *arguments, **options):
            trunk = super().trunk(*arguments, **options)
            trunk.channels = trunk.channels[:1]
            return trunk

    narrow = OneTap(channels=4, cells_per_stage=1)
    with pytest.raises(ConfigError, match=r"3 branches.*1 taps.*fewer branches, or preset"):
        prepared(narrow, images, preset="nb201").student(narrow.parse(RICH))
    narrow.name = "mine"
    predictor = Eproxy(batch=8)
    predictor.prepare(ScoringTask(narrow, images, 0))
    assert len(predictor.student(narrow.parse(RICH)).barriers) == 1
