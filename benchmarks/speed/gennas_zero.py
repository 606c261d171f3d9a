"""Score with the authors' released program, for ``speed_spaces.py --other``.

Nothing of it is here: its own loop scores each architecture, under its own configuration of the
space, from a checkout of https://github.com/leeyeehoo/GenNAS-Zero (tried at 791b2b2) that
the environment variable ``GENNAS_ZERO`` names. It needs the packages einops, yacs and simplejson.

Images are ours, so that both programs see the same ones. The regressed features are made once, as
they are for a list of architectures; where the release reads them from a file that its repository
does not hold, they are ours too. Its configuration of NAS-Bench-MR names four branches for a
network that it gives three.
"""

from __future__ import annotations

import json
import os
import sys
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
import yaml
from torch import Tensor, nn

import naslib_proxydata
from naslib_proxydata.data.images import load_images
from naslib_proxydata.predictors.eproxy.labels import feature
from naslib_proxydata.predictors.eproxy.predictor import Eproxy

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import common

CONFIGURATIONS = {
    "nb201": "config_nb201_mse_12e-1",
    "nds-darts-in": "nds_dartsin_siam_mse_benchmark_12e-1_tri",
    "transnas-macro": "config_transmicroclassscene_mse_12e-1",
    "nb101": "config_nb101_mse_12e-1",
    "nasbench-mr": "config_ncp_3ddet_mse_12e-1",
}
TAPS_OF_MR = 3
OPERATIONS_OF_101 = ("conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3")


def prepare(name: str) -> Callable[[str], float]:
    """Return what scores the text of an architecture of the space, higher is better."""
    program, utils = released()
    text = (Path("configs") / f"{CONFIGURATIONS[name]}.yaml").read_text()
    config = utils.yaml_parser(yaml.safe_load(text))
    # The program leaves out what a configuration does not name, by catching the error.
    config.barrier_config = Namespace(model="SimpleBarrier")
    if name == "nasbench-mr":
        config.head_config.out_channel = config.head_config.last_channel = [32] * TAPS_OF_MR
    batch = load_images(common.cifar10("cifar10_batch64.npz"), Eproxy().images_for(name), seed=0)
    images = batch.normalise(batch.pixels)
    target = Kept(targets(program, config, images))

    def score(text: str) -> float:
        config.backbone_config.NDS, architecture = translated(program, name, text)
        losses, _ = program.evaluation([(architecture, 0.0)], config, images, target, "cpu")
        return -float(losses[0, -1])

    return score


def released() -> tuple[Any, Any]:
    """Import the program, without the packages that it needs for other things than scoring."""
    root = os.environ.get("GENNAS_ZERO")
    if root is None:
        raise SystemExit("set GENNAS_ZERO to a checkout of GenNAS-Zero")
    os.chdir(root)
    sys.path.insert(0, root)
    absent = {
        "torchvision": {"transforms": None},
        "torchvision.transforms": {},
        "ptflops": {"get_model_complexity_info": None},
        "turtle": {"forward": None},
    }
    for name, members in absent.items():
        sys.modules[name] = ModuleType(name)
        vars(sys.modules[name]).update(members)
    import do_train
    import utils

    do_train.args = Namespace(device="cpu")
    do_train.get_rank_corr = lambda *_: (0.0, 0.0)  # of one architecture there is none
    return do_train, utils


class Kept(nn.Module):
    """Features that were made before."""

    def __init__(self, features: list[Tensor]) -> None:
        super().__init__()
        self.features = features

    def forward(self, images: Tensor) -> list[Tensor]:
        """Return a new list, since the program writes to the one it is given."""
        return list(self.features)


@torch.no_grad()
def targets(program: Any, config: Any, images: Tensor) -> list[Tensor]:
    """Make what is regressed."""
    head = config.head_config
    if config.generator_config.model == "FeatureGeneratorNotrain":
        names = {"wave_h": "sine_high"}
        return [
            feature(names[of[0]], images, seed=0)[:, :channels]  # type: ignore[arg-type]
            for of, channels in zip(head.feature_list, head.last_channel, strict=True)
        ]
    torch.manual_seed(0)
    made: list[Tensor] = program.model_dict.GENERATOR_CONFIGS[config.generator_config.model](head)(
        images
    )
    return made


def translated(program: Any, name: str, text: str) -> tuple[Any, Any]:
    """Return an architecture as the program reads it, after the table that it is of, if any."""
    if name == "nds-darts-in":
        table = object.__new__(program.NDS)
        table.searchspace, table.data = "DARTS_in", [{"net": json.loads(text)}]
        return table, 0
    if name == "nb101":
        cell = naslib_proxydata.space(name).parse(text)
        inner = [OPERATIONS_OF_101[one] for one in cell.ops]
        return None, (np.array(cell.rows, dtype=int), ["input", *inner, "output"])
    if name == "nasbench-mr":
        network = naslib_proxydata.space(name).parse(text)
        stages = [
            [len(one.units), list(one.units), list(one.channels)] for one in network.modules()
        ]
        return None, {
            "input_channel": list(network.stem),
            "inverted_residual_setting": stages,
            "last_channel": network.last,
        }
    return None, text
