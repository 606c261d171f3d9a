"""Memory of maps that is used again, and recipes of maps."""

from __future__ import annotations

import copy
import threading

import pytest
import torch
from torch import nn

from naslib_proxydata.kernels import convolution, depthwise
from naslib_proxydata.kernels.compiled import lanes
from naslib_proxydata.kernels.convolution import accelerate
from naslib_proxydata.kernels.maps import LEAST, arena, empty_map
from naslib_proxydata.kernels.sums import added, added_rectified, joined
from naslib_proxydata.seeding import torch_generator

SHAPE = (2, 64, 32, 32)


def random(*shape):
    values = torch.randn(shape, generator=torch_generator(0, "test", *shape))
    return values.contiguous(memory_format=torch.channels_last)


def test_a_map_has_its_channels_last():
    for shape in (SHAPE, (1, 3, 2, 2), (0, 3, 4, 4)):
        made = empty_map(*shape)
        assert made.shape == shape
        assert made.dtype == torch.float32
        assert made.is_contiguous(memory_format=torch.channels_last)


def test_memory_is_used_again_once_nothing_has_it():
    first = empty_map(*SHAPE)
    place = first.data_ptr()
    view = first[:1]
    del first
    second = empty_map(*SHAPE)
    assert second.data_ptr() != place  # the view has it
    del view
    assert empty_map(*SHAPE).data_ptr() == place
    del second


def test_small_maps_are_torchs():
    before = arena().used
    small = empty_map(1, 1, 1, LEAST - 1)
    assert arena().used == before
    large = empty_map(1, 1, 1, LEAST)
    assert arena().used == before + LEAST
    del small, large
    assert arena().used == before


def test_gradients_of_several_readers_are_added_up_where_the_first_lies():
    first_of_them = []

    class Read(torch.autograd.Function):
        @staticmethod
        def forward(ctx, features):
            return features.sum()

        @staticmethod
        def backward(ctx, upstream):
            made = empty_map(*SHAPE).fill_(2)
            first_of_them.append(made.data_ptr())
            return made

    features = random(*SHAPE).requires_grad_()
    state = features * 1
    places = []
    state.register_hook(lambda gradient: places.append(gradient.data_ptr()))
    sum(Read.apply(state) for _ in range(3)).backward()
    assert bool((features.grad == 6).all())
    assert places == [first_of_them[0]]


def test_threads_share_nothing():
    here = empty_map(*SHAPE)
    place = here.data_ptr()
    del here
    found = []
    thread = threading.Thread(target=lambda: found.append(empty_map(*SHAPE)))
    thread.start()
    thread.join()
    assert found[0].data_ptr() != place


def test_sums_and_joined_maps_are_torchs():
    one, other = (random(2, width, 8, 8).requires_grad_() for width in (16, 16))
    both = [torch.equal(added(one, other), one + other)]
    both.append(torch.equal(joined([one, other]), torch.cat([one, other], dim=1)))
    assert both == [True, True]
    upstream = random(2, 32, 8, 8)
    ours = torch.autograd.grad(joined([one, added(one, other)]), [one, other], upstream)
    expected = torch.cat([one, one + other], dim=1)
    theirs = torch.autograd.grad(expected, [one, other], upstream)
    for mine, its in zip(ours, theirs, strict=True):
        assert torch.equal(mine, its)


@pytest.mark.skipif(not lanes(), reason="there are no compiled kernels here")
@pytest.mark.parametrize("shape", [(2, 16, 8, 8), (1, 7, 3, 5), (2, 64, 32, 32)], ids=str)
def test_positive_parts_of_sums_are_torchs(shape):
    one, other = (torch.randn(shape, generator=torch_generator(0, name)) for name in ("1", "2"))
    one[0, 0, 0, 0], other[0, 0, 0, 1] = torch.nan, -one[0, 0, 0, 1]
    results = []
    for add in (added_rectified, lambda *terms: torch.add(*terms).relu()):
        terms = one.clone().requires_grad_(), other.clone().requires_grad_()
        found = add(*terms)
        upstream = random(*shape)
        results.append((found, *torch.autograd.grad(found, terms, upstream)))
    for mine, its in zip(*results, strict=True):
        torch.testing.assert_close(mine[0, 0, 0, 1:], its[0, 0, 0, 1:], rtol=0, atol=0)
        torch.testing.assert_close(mine[:, 1:], its[:, 1:], rtol=0, atol=0)
    assert bool(results[0][0][0, 0, 0, 0].isnan())


@pytest.mark.skipif(not lanes(), reason="there are no compiled kernels here")
@pytest.mark.parametrize("size", [1, 2, 7, 8])
@pytest.mark.parametrize("kernel", [1, 3])
@pytest.mark.parametrize("depthwise_too", [False, True])
def test_what_is_no_number_stays_none_where_a_relu_was_taken_out(size, kernel, depthwise_too):
    groups = 16 if depthwise_too and kernel == 3 else 1
    network = nn.Sequential(
        nn.ReLU(),
        nn.Conv2d(16, 16, kernel, padding=kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(16),
        nn.ReLU(),
    )
    accelerate(network)
    images = random(16, 16, size, size)
    images[0, 0, 0, 0] = torch.nan
    assert bool(network(images).isnan().any())


@pytest.mark.skipif(not lanes(), reason="there are no compiled kernels here")
def test_what_is_soon_remade_is_not_kept_and_changes_no_bit():
    def half():
        each = nn.Conv2d(16, 16, 3, padding=1, groups=16, bias=False)
        mixed = nn.Conv2d(16, 16, 1, bias=False)
        return nn.Sequential(nn.ReLU(), each, mixed, nn.BatchNorm2d(16))

    network = nn.Sequential(half(), half())
    keeping = copy.deepcopy(network)
    accelerate(network)
    accelerate(keeping)
    images = random(2, 16, 8, 8)
    kept = set()

    def pack(tensor):
        if tensor.shape == images.shape:
            kept.add(tensor.data_ptr())
        return tensor

    results = []
    for one, remembers in ((network, True), (keeping, False)):
        features = images.clone().requires_grad_()
        with pytest.MonkeyPatch.context() as patch:
            if not remembers:
                for reader in (convolution, depthwise):
                    patch.setattr(reader, "recipe_of", lambda *_: None)
            kept.clear()
            with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
                outputs = one(features)
            results.append((len(kept), outputs))
        outputs.square().sum().backward()
        results[-1] += (features.grad, *(weight.grad for weight in one.parameters()))
    (few, *ours), (many, *theirs) = results
    assert (few, many) == (3, 6)  # the features, and what each half has mixed
    for mine, its in zip(ours, theirs, strict=True):
        assert torch.equal(mine, its)
