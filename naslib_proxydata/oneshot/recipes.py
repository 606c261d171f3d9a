"""Searches as their papers run them, by name: values of a search's configuration with their source.

What a strategy's paper sets is in the strategy's own file; a recipe names the space, the sizes and
what this experiment sets otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from naslib_proxydata.runs.recipes import Recipe


def _darts_space(strategy: Any, **training: Any) -> dict[str, Any]:
    """Return a search of the DARTS space as DARTS' own: 16 channels, 8 cells, crop and flip."""
    return _search("darts", 8, strategy, training)


def _nb201(strategy: Any, **training: Any) -> dict[str, Any]:
    """Return a search of NAS-Bench-201 as its program's: 16 channels, 5 cells a stage."""
    return _search("nb201", 5, strategy, training)


def _five_nodes(strategy: Any, **training: Any) -> dict[str, Any]:
    """Return a search of the ten-edge cell of the data-reduction study, otherwise the same."""
    return _search("nb201-five-nodes", 5, strategy, training)


def _search(
    space: str, cells: int, strategy: str | Mapping[str, Any], training: Mapping[str, Any]
) -> dict[str, Any]:
    named = {strategy: {}} if isinstance(strategy, str) else strategy
    return {
        "space": space,
        "strategy": named,
        "channels": 16,
        "cells": cells,
        "augment": True,
        "training": dict(training),
    }


_NB201 = "arXiv 2001.00326; D-X-Y/AutoDL-Projects, exps/algos"
_PROGRAM = {"nesterov": True, "weight_decay": 5e-4}
_LESS = "arXiv 2203.06905, section 4; its release, the NAS-Bench-201 program"
_SHARES = "the split of the examples; choose them with 'select' and give them with --selection"

RECIPES: Mapping[str, Recipe] = {
    "nb201": Recipe(
        "first-order DARTS of the NAS-Bench-201 program, weights before alpha",
        f"{_NB201}/DARTS-V1.py",
        _nb201({"darts": {"weights_first": True}}, epochs=50, batch_size=64, **_PROGRAM),
    ),
    "nb201-2nd": Recipe(
        "second-order DARTS of the NAS-Bench-201 program",
        f"{_NB201}/DARTS-V2.py",
        _nb201("darts-2nd", epochs=50, batch_size=64, **_PROGRAM),
    ),
    "gdas-nb201": Recipe(
        "GDAS of the NAS-Bench-201 program", f"{_NB201}/GDAS.py", _nb201("gdas", epochs=250)
    ),
    "enas-nb201": Recipe(
        "ENAS of the NAS-Bench-201 program", f"{_NB201}/ENAS.py", _nb201("enas", epochs=250)
    ),
    "random-sharing-nb201": Recipe(
        "random search with weight sharing of the NAS-Bench-201 program",
        f"{_NB201}/RANDOM-NAS.py",
        _nb201("random-sharing", epochs=250),
    ),
    "darts": Recipe(
        "first-order DARTS on CIFAR-10",
        "arXiv 1806.09055",
        _darts_space("darts", epochs=50, batch_size=64),
    ),
    "darts-2nd": Recipe(
        "second-order DARTS on CIFAR-10",
        "arXiv 1806.09055",
        _darts_space("darts-2nd", epochs=50, batch_size=64),
    ),
    **{
        f"robustdarts-s{number}": Recipe(
            f"RobustDARTS (L2) in S{number}, with the strongest weight decay",
            "arXiv 1909.09656; automl/RobustDARTS, src/search/args.py",
            {**_darts_space("robust-darts", epochs=50, batch_size=64), "space": f"s{number}"},
            "the choice among five weight decays by retraining",
        )
        for number in (1, 2, 3, 4)
    },
    "pc-darts-cifar": Recipe(
        "PC-DARTS on CIFAR-10, K = 4",
        "arXiv 1907.05737; yuhuixu1993/PC-DARTS, train_search.py",
        _darts_space("pc-darts", epochs=50, batch_size=256, warm_up=15),
    ),
    "pc-darts-imagenet": Recipe(
        "PC-DARTS on a tenth of ImageNet, K = 2",
        "arXiv 1907.05737; yuhuixu1993/PC-DARTS, train_search_imagenet.py",
        _darts_space(
            {"pc-darts": {"partial": 2}},
            epochs=50,
            batch_size=1024,
            warm_up=35,
            weights_lr=0.5,
            weights_lr_min=0.0,
            architecture_lr=6e-3,
        ),
        "the three stem convolutions of stride 2, random resized crops, five epochs in which the "
        "learning rate rises, clipping of alpha's gradient, and 10 % and 2.5 % of the images of "
        f"each class: {_SHARES}",
    ),
    "p-darts": Recipe(
        "P-DARTS on CIFAR-10: three stages of 25 epochs",
        "arXiv 1904.12760; chenxin061/pdarts, train_search.py",
        {**_darts_space("p-darts", epochs=75, batch_size=96), "cells": None},
    ),
    "beta-darts": Recipe(
        "beta-DARTS in the DARTS space",
        "arXiv 2203.01665",
        _darts_space("beta-darts", epochs=50, batch_size=64),
    ),
    "beta-darts-nb201": Recipe(
        "beta-DARTS in NAS-Bench-201",
        "arXiv 2203.01665",
        _nb201("beta-darts", epochs=100, batch_size=64),
    ),
    "drnas-nb201": Recipe(
        "DrNAS in NAS-Bench-201, all channels",
        "arXiv 2006.10355; xiangning-chen/DrNAS, 201-space/train_search.py",
        _nb201("drnas", epochs=100, batch_size=64),
    ),
    "drnas-progressive-nb201": Recipe(
        "DrNAS in NAS-Bench-201: K 4 to 2, five operations to three",
        "arXiv 2006.10355; xiangning-chen/DrNAS, 201-space/train_search_progressive.py",
        _nb201("drnas-progressive", epochs=100, batch_size=64),
    ),
    "drnas": Recipe(
        "DrNAS in the DARTS space: K 6 to 4, all operations to four, 36 channels and 20 cells",
        "arXiv 2006.10355; xiangning-chen/DrNAS, DARTS-space/train_search.py",
        {
            **_darts_space(
                {"drnas-progressive": {"partials": [6, 4], "kept": [4]}}, epochs=50, batch_size=64
            ),
            "channels": 36,
            "cells": 20,
        },
        "a space without none: here none is a candidate of the first stage",
    ),
    "sgas": Recipe(
        "SGAS on CIFAR-10, criterion 2",
        "arXiv 1912.00195; lightaime/sgas, cnn/train_search.py",
        _darts_space({"sgas": {"criterion": 2}}, epochs=50, batch_size=64),
    ),
    "sdarts-rs": Recipe(
        "SDARTS with random smoothing on CIFAR-10",
        "arXiv 2002.05283; xiangning-chen/SmoothDARTS, sota/cnn/train_search.py",
        _darts_space("sdarts-rs", epochs=50, batch_size=64),
    ),
    "sdarts-adv": Recipe(
        "SDARTS with adversarial weights on CIFAR-10",
        "arXiv 2002.05283; xiangning-chen/SmoothDARTS, sota/cnn/train_search.py",
        _darts_space("sdarts-adv", epochs=50, batch_size=64),
    ),
    "darts-minus": Recipe(
        "DARTS- on CIFAR-10, the auxiliary skip connection falling linearly from 1",
        "arXiv 2009.01027; Meituan-AutoML/DARTS-, scripts/run_darts_minus.sh",
        _darts_space("darts-minus", epochs=50, batch_size=64),
    ),
    "darts-pt": Recipe(
        "DARTS with perturbation-based selection on CIFAR-10: 50 epochs, then 80 of tuning",
        "arXiv 2108.04392; ruocwang/darts-pt, exp_scripts/darts-sota.sh and darts-proj-sota.sh",
        _darts_space("darts-pt", epochs=130, batch_size=64),
        "a space without none: here none is a candidate, for which no edge is decided",
    ),
    "darts-pt-nb201": Recipe(
        "DARTS with perturbation-based selection in NAS-Bench-201: 100 epochs, then 25 of tuning",
        "arXiv 2108.04392; ruocwang/darts-pt, exp_scripts/darts-201.sh and darts-proj-201.sh",
        _nb201("darts-pt", epochs=125, batch_size=64),
    ),
    "darts-es": Recipe(
        "DARTS with early stopping on the eigenvalue in S1",
        "arXiv 1909.09656",
        {
            **_darts_space("darts", epochs=50, batch_size=64),
            "space": "s1",
            "early_stop": True,
        },
    ),
    "bdp-nb201": Recipe(
        "DARTS with bi-level data pruning in NAS-Bench-201",
        "arXiv 2312.14200, section 4.1",
        {
            **_nb201("darts", epochs=50, batch_size=64),
            "pruner": {"name": "bdp", "schedule": "to-4-percent"},
        },
        "the pruning period and which level loses more, which the paper does not print",
    ),
    "bdp-mobilenet": Recipe(
        "DARTS with bi-level data pruning in the MobileNet space, on an eighth of ImageNet",
        "arXiv 2312.14200, section 4.3",
        {
            "space": "mobilenet",
            "strategy": {"darts": {}},
            "augment": True,
            "training": {"epochs": 30, "batch_size": 640},
            "pruner": {"name": "bdp", "schedule": "to-4-percent"},
        },
        "learning rates, which the paper does not print (these are DARTS'), eight GPUs, and 12.5 % "
        f"of the images split 4:1: {_SHARES}",
    ),
    "proxy-data": Recipe(
        "DARTS on CIFAR-10 as on proxy data",
        "arXiv 2106.04784, section 5",
        _darts_space("darts", epochs=50, batch_size=64),
        "the proxy data: choose them with 'select --selector entropy-p1' and give them with "
        "--selection",
    ),
    "less-is-more-darts": Recipe(
        "first-order DARTS of the data-reduction study",
        _LESS,
        _five_nodes({"darts": {"weights_first": True}}, epochs=50, batch_size=64, **_PROGRAM),
    ),
    "less-is-more-gdas": Recipe(
        "GDAS of the data-reduction study, 250 epochs",
        _LESS,
        _five_nodes({"gdas": {"first_tau": 10.0, "last_tau": 0.1}}, epochs=250, batch_size=64),
    ),
}
"""The recipes by name."""
