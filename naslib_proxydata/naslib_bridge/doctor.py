"""What of NASLib works here: what imports, what is missing, what to install."""

from __future__ import annotations

import importlib
import importlib.util
import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from naslib_proxydata.errors import NaslibError
from naslib_proxydata.naslib_bridge.importing import naslib

BASE: Final = {
    "torch": "torch",
    "torchvision": "torchvision",
    "numpy": "numpy",
    "scipy": "scipy",
    "sklearn": "scikit-learn",
    "termcolor": "termcolor",
    "fvcore": "fvcore",
    "pytorch_msssim": "pytorch-msssim",
    "skimage": "scikit-image",
    "transforms3d": "transforms3d",
    "ConfigSpace": "ConfigSpace",
    "nasbench_pytorch": "nasbench_pytorch",
    "matplotlib": "matplotlib",
    "seaborn": "seaborn",
}
"""What NASLib's search spaces and Trainer import, and what it is called on PyPI."""

FULL: Final = {
    "lightgbm": "lightgbm",
    "ngboost": "ngboost",
    "xgboost": "xgboost",
    "pybnn": "pybnn",
    "emcee": "emcee",
    "pyro": "pyro-ppl",
    "grakel": "grakel",
    "six": "six",
    "tensorwatch": "tensorwatch",
    "tornado": "tornado",
}
"""What NASLib's optimizers, predictors and evaluators import besides."""

PARTS: Final = {
    "search spaces": ("naslib.search_spaces:NasBench201SearchSpace", "NASLib's graphs"),
    "Trainer": ("naslib.defaults.trainer:Trainer", "ProxyTrainer"),
    "optimizers": ("naslib.optimizers:DARTSOptimizer", "proxied(...)"),
    "predictors": ("naslib.predictors.predictor:Predictor", "ProxyPredictor"),
    "evaluators": (
        "naslib.evaluators.zc_evaluator:ZeroCostPredictorEvaluator",
        "ProxyZeroCostEvaluator",
    ),
}
"""What of NASLib the bridge uses, and for what."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        what: Its name.
        fine: Whether it works.
        detail: What was found, and what to do about it.
    """

    what: str
    fine: bool
    detail: str


def examine() -> Iterator[Finding]:
    """Look at Python, at the packages that NASLib needs, and at each part of NASLib.

    NASLib is imported only where nothing that it needs is missing.
    """
    found = importlib.util.find_spec("naslib")
    place = next(iter(found.submodule_search_locations or ()), "") if found else ""
    advice = (
        "not found; install it by the instructions of github.com/automl/NASLib (branch Develop), "
        "or put its source tree on PYTHONPATH"
    )
    yield Finding("NASLib", found is not None, place or advice)
    yield Finding("Python", True, platform.python_version())
    lacking = [*missing(BASE), *missing(FULL)]
    yield Finding("packages", not lacking, _install(lacking) if lacking else "all are there")
    yield _torchvision()
    if found is None:
        return
    for what, (path, use) in PARTS.items():
        try:
            naslib(path)
        except NaslibError as error:
            cause = error.__cause__ or error
            yield Finding(what, False, f"needed for {use}: {type(cause).__name__}: {cause}")
        else:
            yield Finding(what, True, f"imports; serves {use}")


def missing(packages: Mapping[str, str]) -> Sequence[str]:
    """Return the PyPI names of the packages that cannot be found."""
    return [name for module, name in packages.items() if importlib.util.find_spec(module) is None]


def _install(lacking: Sequence[str]) -> str:
    return f"missing {len(lacking)} that NASLib imports: pip install {' '.join(lacking)}"


def _torchvision() -> Finding:
    """Import torchvision, which fails where it was built for another torch."""
    if importlib.util.find_spec("torchvision") is None:
        return Finding("torchvision", False, "not installed")
    try:
        version = importlib.import_module("torchvision").__version__
    except Exception as error:
        return Finding(
            "torchvision",
            False,
            f"does not import ({type(error).__name__}: {error}); install the build that belongs "
            "to your torch: pytorch.org/get-started",
        )
    return Finding("torchvision", True, str(version))
