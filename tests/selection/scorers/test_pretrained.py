"""Given weights are used as they are, on images prepared as they want them."""

from __future__ import annotations

import enum
import json
import os
import sys
import types
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import nn

from naslib_proxydata import plugins
from naslib_proxydata.cli.main import main
from naslib_proxydata.data.arrays import ArrayDataset
from naslib_proxydata.errors import DatasetError, SelectionError
from naslib_proxydata.selection.scorers.context import ScoringContext
from naslib_proxydata.selection.scorers.model_input import ModelInput, PreparedModel, _resized
from naslib_proxydata.selection.scorers.models import build_model
from naslib_proxydata.selection.scorers.pretrained import load_pretrained
from naslib_proxydata.selection.scorers.recipe import PAPER
from naslib_proxydata.selection.scorers.scoring import score_dataset
from naslib_proxydata.selection.scorers.scoring import scored as scored_with_origin

PLUGINS = plugins.load()
PIXELS = np.random.default_rng(0).integers(0, 256, (30, 3, 12, 12), np.uint8)
MEAN, STD = (0.5, 0.4, 0.3), (0.2, 0.25, 0.5)


class Net(nn.Module):
    """A linear classifier of whole images of one size."""

    def __init__(self, num_classes: int = 5, side: int = 12) -> None:
        super().__init__()
        self.head = nn.Linear(3 * side * side, num_classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.head(images.flatten(1))
        return logits


class Preset:
    """What torchvision's ``weights.transforms()`` gives."""

    crop_size, resize_size, mean, std = [8], [12], list(MEAN), list(STD)
    interpolation = types.SimpleNamespace(value="bilinear")


class NetWeights(enum.Enum):
    """What torchvision's enumerations of weights look like."""

    IMAGENET1K_V1 = 1
    DEFAULT = 1

    @property
    def url(self) -> str:
        return "https://download.pytorch.org/models/net-0123abcd.pth"

    def transforms(self) -> Preset:
        return Preset()


@pytest.fixture(autouse=True)
def modules(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    torch.manual_seed(0)
    mine = types.ModuleType("mine")
    mine.Net, mine.trained, mine.number = Net, Net(), 3  # type: ignore[attr-defined]
    mine.two = lambda: nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "mine", mine)
    published = Net(7, 8)

    def net(weights: Any = None, num_classes: int = 7) -> Net:
        return published if weights is not None else Net(num_classes, 8)

    def get_model_weights(name: str) -> Any:
        if name != "net":
            raise ValueError(f"Unknown model {name}")
        return NetWeights

    zoo = types.SimpleNamespace(net=net, bare=net, get_model_weights=get_model_weights)
    monkeypatch.setitem(sys.modules, "torchvision", types.ModuleType("torchvision"))
    monkeypatch.setitem(sys.modules, "torchvision.models", zoo)
    mine.published = published  # type: ignore[attr-defined]
    return mine


@pytest.fixture
def context(tmp_path: Path) -> ScoringContext:
    return ScoringContext(ArrayDataset("mine", PIXELS), tmp_path / "cache")


def scored(name: str, context: ScoringContext) -> NDArray[np.floating[Any]]:
    scorer = PLUGINS.create("scorers", name)
    scorer.check(context)
    return score_dataset(scorer, context)


def entropy_of(net: nn.Module, images: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Entropies by numpy alone, of a linear classifier."""
    weight, bias = (part.detach().double().numpy() for part in net.parameters())
    logits = images.reshape(len(images), -1) @ weight.T + bias
    exponentials = np.exp(logits - logits.max(1, keepdims=True))
    shares = exponentials / exponentials.sum(1, keepdims=True)
    return -(shares * np.log(shares)).sum(1)


def by_channel(values: tuple[float, ...]) -> NDArray[np.float64]:
    return np.array(values).reshape(-1, 1, 1)


def test_a_trained_module_scores_unlabelled_images_untouched(
    context: ScoringContext, modules: Any
) -> None:
    before = {name: value.clone() for name, value in modules.trained.state_dict().items()}
    given = replace(context, pretrained=load_pretrained("mine:trained"))
    normalised = PIXELS / 255 - PIXELS.mean((0, 2, 3), keepdims=True) / 255
    normalised /= (PIXELS / 255).std((0, 2, 3), keepdims=True)
    expected = entropy_of(modules.trained, normalised)
    np.testing.assert_allclose(scored("entropy", given), expected, rtol=1e-4)
    np.testing.assert_allclose(scored("features", given), normalised.reshape(30, -1), atol=1e-4)
    for name, value in modules.trained.state_dict().items():
        assert torch.equal(value, before[name])
    assert modules.trained.training, "the user's module is left alone"
    trained = (context.cache / "runs").rglob("*")
    assert not any(one.is_file() for one in trained), "nothing was trained"


@pytest.mark.parametrize("weights", ["", "DEFAULT", "IMAGENET1K_V1"])
def test_torchvision_weights_see_images_at_their_size(
    context: ScoringContext, modules: Any, weights: str
) -> None:
    """Twelve pixels are the size before the crop, so that the middle eight are seen."""
    given = replace(context, pretrained=load_pretrained("torchvision:net", weights))
    middle = PIXELS[:, :, 2:10, 2:10] / 255
    expected = entropy_of(modules.published, (middle - by_channel(MEAN)) / by_channel(STD))
    np.testing.assert_allclose(scored("entropy", given), expected, rtol=1e-4)
    assert given.pretrained is not None
    label = given.pretrained.label
    assert label.startswith("torchvision:net with weights IMAGENET1K_V1, sha256 ")
    assert label.endswith(
        "resized to 12 (bilinear), cropped to 8, mean 0.5 0.4 0.3, deviation 0.2 0.25 0.5"
    )


def test_a_file_of_torchvisions_name_is_prepared_as_published(
    context: ScoringContext, modules: Any, tmp_path: Path
) -> None:
    for name in ("net-0123abcd.pth", "mine.pth"):
        torch.save(modules.published.state_dict(), tmp_path / name)
    published = load_pretrained("torchvision:net", str(tmp_path / "net-0123abcd.pth"))
    assert published.input == load_pretrained("torchvision:net").input
    assert load_pretrained("torchvision:net", str(tmp_path / "mine.pth")).input == ModelInput()
    given = replace(context, pretrained=published)
    by_name = replace(context, pretrained=load_pretrained("torchvision:net"))
    np.testing.assert_array_equal(scored("entropy", given), scored("entropy", by_name))


@pytest.mark.parametrize(("shape", "size"), [((20, 16), 8), ((9, 12), 8), ((16, 30), 11)])
def test_resizing_and_cropping_are_those_of_pil(shape: tuple[int, int], size: int) -> None:
    """As torchvision does it to a PIL image, up to PIL's rounding to whole values."""
    height, width = shape
    smooth = np.add.outer(np.linspace(0, 120, height), np.linspace(0, 120, width))
    image = np.stack([smooth, smooth[::-1], smooth[:, ::-1]], -1).astype(np.uint8)
    resize = 12
    short = min(shape)
    sides = [resize if side == short else int(resize * side / short) for side in shape]
    resized = Image.fromarray(image).resize((sides[1], sides[0]), Image.Resampling.BILINEAR)
    top, left = (round((side - size) / 2) for side in sides)
    expected = np.asarray(resized)[top : top + size, left : left + size].transpose(2, 0, 1) / 255
    dataset = ArrayDataset("one", image[None].repeat(2, 0))
    prepared = ModelInput(size, resize, (0.0,) * 3, (1.0,) * 3)
    model = PreparedModel(nn.Identity(), prepared, dataset)
    mean, std = (by_channel(part) for part in dataset.statistics)
    shown = torch.from_numpy((image.transpose(2, 0, 1)[None] / 255 - mean) / std).float()
    np.testing.assert_allclose(model(shown)[0].numpy(), expected, atol=1.1 / 255)


def test_the_longer_side_is_rounded_down_as_by_torchvision() -> None:
    """int(34 * 174 / 116) is 51, where 174 * (34 / 116) is 50.99..."""
    pixels = torch.rand(1, 3, 116, 174, generator=torch.Generator().manual_seed(0))
    whole = torch.nn.functional.interpolate(pixels, [34, 51], mode="bilinear", antialias=True)
    expected = whole[:, :, 1:33, round(9.5) : round(9.5) + 32]
    np.testing.assert_array_equal(_resized(pixels, ModelInput(32, 34)).numpy(), expected.numpy())


def test_images_of_the_models_size_are_not_resized() -> None:
    dataset = ArrayDataset("mine", PIXELS)
    model = PreparedModel(nn.Identity(), ModelInput(12, 16, MEAN, STD), dataset)
    mean, std = (by_channel(part) for part in dataset.statistics)
    shown = torch.from_numpy((PIXELS / 255 - mean) / std).float()
    expected = (PIXELS / 255 - by_channel(MEAN)) / by_channel(STD)
    np.testing.assert_allclose(model(shown).numpy(), expected, atol=1e-5)


def test_grey_images_are_repeated_for_a_model_of_colours() -> None:
    grey = ArrayDataset("grey", PIXELS[:, 0])
    model = nn.Sequential(nn.Conv2d(3, 2, 3), nn.Flatten())
    prepared = PreparedModel(model, ModelInput(), grey)
    shown = torch.rand(2, 1, 12, 12)
    assert torch.equal(prepared(shown), model(shown.repeat(1, 3, 1, 1)))


def test_timm_and_transformers_are_understood(modules: Any) -> None:
    modules.timm = Net(side=8)
    modules.timm.pretrained_cfg = {
        "input_size": (3, 8, 8),
        "crop_pct": 0.875,
        "mean": MEAN,
        "std": STD,
        "interpolation": "bicubic",
    }
    assert load_pretrained("mine:timm").input == ModelInput(8, 9, MEAN, STD, "bicubic")
    answers = types.SimpleNamespace(logits=torch.ones(2, 5))
    model = PreparedModel(nn.Identity(), ModelInput(), ArrayDataset("mine", PIXELS))
    model.model = type("Answering", (nn.Module,), {"forward": lambda *_: answers})()
    assert torch.equal(model(torch.rand(2, 3, 12, 12)), answers.logits)


@pytest.mark.parametrize("nested", [None, "model", "state_dict"])
def test_a_state_dict_is_loaded_into_the_named_network(
    tmp_path: Path, modules: Any, nested: str | None
) -> None:
    state = {f"module.{name}": value for name, value in Net(4).state_dict().items()}
    torch.save(state if nested is None else {nested: state, "epoch": 3}, tmp_path / "net.pt")
    found = load_pretrained("mine:Net", str(tmp_path / "net.pt")).model
    for name, value in found.state_dict().items():
        assert torch.equal(value, state[f"module.{name}"])


def test_a_checkpoint_of_our_own_is_used_on_another_dataset(
    context: ScoringContext, tmp_path: Path
) -> None:
    trained = build_model("resnet20", 6, 3, torch.Generator().manual_seed(1)).eval()
    torch.save({"model": trained.state_dict()}, tmp_path / "checkpoint.pt")
    given = load_pretrained("resnet20", str(tmp_path / "checkpoint.pt"))
    images = torch.rand(2, 3, 12, 12)
    assert torch.equal(given.model(images), trained(images))
    assert scored("margin", replace(context, pretrained=given)).shape == (30,)


class Hostile:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("echo harm",)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("mine:Net", Net(5, 3).state_dict(), "do not fit the model 'mine:Net'.*size mismatch"),
        ("mine:Net", {"other": torch.zeros(5, 2)}, "do not fit the model.*Missing key"),
        ("mine:Net", Hostile(), "no state dict that can be read safely"),
        ("mine:Net", Net(), "no state dict that can be read safely"),
        ("mine:Net", {"epoch": 3}, "holds no state dict"),
        ("mine:Net", [1], "holds no state dict"),
        ("mine:absent", Net().state_dict(), "cannot import mine:absent"),
    ],
)
def test_other_files_are_told_in_one_line(
    tmp_path: Path, name: str, content: Any, message: str
) -> None:
    torch.save(content, tmp_path / "net.pt")
    with pytest.raises(SelectionError, match=message) as told:
        load_pretrained(name, str(tmp_path / "net.pt"))
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("name", "weights", "message"),
    [
        ("mine:Net", "absent.pt", r"no file absent\.pt of weights"),
        ("mine:number", "", "cannot be made without arguments"),
        ("resnet20", "", "has no weights of its own; give a file"),
        ("torchvision:net", "IMAGENET1K_V7", "Did you mean 'IMAGENET1K_V1'"),
        ("torchvision:nets", "DEFAULT", "import torchvision.models:nets"),
        ("torchvision:bare", "DEFAULT", "torchvision has no weights of torchvision:bare"),
    ],
)
def test_unknown_models_and_weights_are_told(name: str, weights: str, message: str) -> None:
    with pytest.raises(SelectionError, match=message):
        load_pretrained(name, weights)


def test_labels_of_other_classes_are_refused_where_they_count(context: ScoringContext) -> None:
    given = load_pretrained("mine:trained")  # five classes
    for name in ("el2n", "loss"):
        with pytest.raises(DatasetError, match="needs class labels"):
            scored(name, replace(context, pretrained=given))
        six = ArrayDataset("six", PIXELS, np.arange(30) % 6)
        with pytest.raises(SelectionError, match="it knows 5 classes, dataset 'six' has 6"):
            scored(name, replace(context, dataset=six, pretrained=given))
    five = ArrayDataset("five", PIXELS, np.arange(30) % 5)
    losses = scored("loss", replace(context, dataset=five, pretrained=given))
    assert losses.mean() > np.log(5) / 2
    assert np.isfinite(scored("el2n", replace(context, dataset=five, pretrained=given))).all()
    assert np.isfinite(scored("entropy", replace(context, dataset=five, pretrained=given))).all()


@pytest.mark.parametrize(
    ("scorer", "message"),
    [("forgetting", "looks at the training itself"), ("pixels", "uses no such model")],
)
def test_scorers_without_a_use_for_it_refuse(
    context: ScoringContext, scorer: str, message: str
) -> None:
    five = ArrayDataset("five", PIXELS, np.arange(30) % 5)
    with pytest.raises(SelectionError, match=message):
        scored(scorer, replace(context, dataset=five, pretrained=load_pretrained("mine:trained")))


def test_a_model_that_cannot_see_the_images_is_refused(
    context: ScoringContext, modules: Any
) -> None:
    modules.small = Net(side=8)
    with pytest.raises(SelectionError, match=r"cannot be shown images of shape \(3, 12, 12\)"):
        scored("entropy", replace(context, pretrained=load_pretrained("mine:small")))
    eight = load_pretrained("mine:small", changed=ModelInput(8))
    assert scored("entropy", replace(context, pretrained=eight)).shape == (30,)
    modules.vector = nn.AdaptiveAvgPool2d(1)
    with pytest.raises(SelectionError, match=r"logits of shape \(n, classes\), got a Tensor"):
        scored("entropy", replace(context, pretrained=load_pretrained("mine:vector")))
    with pytest.raises(SelectionError, match=r"no torch\.nn\.Linear"):
        scored("features", replace(context, pretrained=load_pretrained("mine:two")))


def test_transfer_takes_given_weights(context: ScoringContext) -> None:
    five = ArrayDataset("five", PIXELS, np.arange(30) % 5)
    given = replace(context, dataset=five, pretrained=load_pretrained("mine:trained"))
    losses = scored("transfer", given)
    assert losses.shape == (30,)
    np.testing.assert_array_equal(scored("transfer", given), losses)


def test_the_head_on_given_weights_is_trained_by_seed_and_recipe(context: ScoringContext) -> None:
    """Scores of one seed or recipe are not handed out for another, and say which they are of."""
    five = ArrayDataset("five", PIXELS, np.arange(30) % 5)
    given = replace(context, dataset=five, pretrained=load_pretrained("mine:trained"))
    longer = given.recipe.model_copy(update={"epochs": 2 * PAPER.epochs})
    others = (replace(given, seed=given.seed + 1), replace(given, recipe=longer))
    losses = scored("transfer", given)
    assert not any(np.array_equal(scored("transfer", other), losses) for other in others)
    origin = scored_with_origin(PLUGINS.create("scorers", "transfer"), others[0]).origin
    assert (origin.seed, origin.recipe) == (given.seed + 1, given.recipe.model_dump())


def test_other_weights_are_scored_anew(context: ScoringContext, modules: Any) -> None:
    first = scored("entropy", replace(context, pretrained=load_pretrained("mine:trained")))
    with torch.no_grad():
        modules.trained.head.bias[0] += 3
    second = scored("entropy", replace(context, pretrained=load_pretrained("mine:trained")))
    assert not np.array_equal(first, second)
    other = load_pretrained("mine:trained", changed=ModelInput(mean=MEAN, std=STD))
    assert not np.array_equal(second, scored("entropy", replace(context, pretrained=other)))
    assert len(list((context.cache / "scores").iterdir())) == 3


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as stopped:
        main(["select", *map(str, arguments)])
    return int(stopped.value.code or 0)


def test_the_command_says_what_was_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.savez(tmp_path / "bare.npz", images=PIXELS)
    arguments = ("--dataset", tmp_path / "bare.npz", "--selector", "entropy-p1", "--size", 9)
    cache = ("--cache", tmp_path / "cache")
    out = tmp_path / "run"
    model = ("--model", "torchvision:net", "--weights", "DEFAULT")
    assert run(*arguments, *cache, *model, "--out", out) == 0
    said = json.loads((out / "env.json").read_text())["scored_with"]
    assert said.startswith("torchvision:net with weights IMAGENET1K_V1, sha256 ")
    assert f"Scored with {said}" in (out / "summary.md").read_text()
    again = tmp_path / "again"
    assert run("--config", out / "config.yaml", "--out", again) == 0
    assert (again / "selection.npz").read_bytes() == (out / "selection.npz").read_bytes()
    own = ("--model", "mine:trained", "--pretrained")
    assert run(*arguments, *cache, *own, "--out", tmp_path / "own") == 0
    capsys.readouterr()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--weights", "DEFAULT"), "need a model, such as torchvision:resnet50"),
        (("--model", "mine:trained"), "--pretrained uses a module that is trained already"),
        (("--model", "mine:Net", "--weights", "gone.pt"), "no file"),
        (("--set", "input_size=8"), "need weights or pretrained"),
        (
            ("--model", "mine:trained", "--pretrained", "--set", "input_mean=0.5"),
            "input_mean and input_std belong together",
        ),
        (
            ("--model", "mine:trained", "--pretrained", "--selector", "random"),
            "needs no scores",
        ),
        (
            ("--model", "mine:trained", "--pretrained", "--scores", "x.npz"),
            "scores are given, so no weights are used",
        ),
    ],
)
def test_mistakes_are_told_before_anything_is_spent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], message: str
) -> None:
    labels = np.arange(30) % 5
    np.savez(tmp_path / "five.npz", images=PIXELS, labels=labels)
    dataset = ("--dataset", tmp_path / "five.npz", "--selector", "entropy-p1", "--size", 9)
    where = ("--cache", tmp_path / "cache", "--out", tmp_path / "run")
    assert run(*dataset, *where, *options) == 2
    error = " ".join(capsys.readouterr().err.split())
    assert message in error
    assert "Traceback" not in error
    assert not (tmp_path / "cache").exists()
