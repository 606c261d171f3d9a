"""What of NASLib works here: what imports, what is missing, what to install."""

from __future__ import annotations

import importlib
import importlib.util
import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
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
    "zmq": "pyzmq",
    "nbformat": "nbformat",
    "ipywidgets": "ipywidgets",
    "pydot": "pydot",
    "graphviz": "graphviz",
    "tornado": "tornado",
    "tensorboard": "tensorboard",
}
"""What NASLib's optimizers, predictors, evaluators and runners import besides, and what that does.
"""

KEPT: Final = ("torch", "numpy", "scipy", "scikit-learn", "matplotlib")
"""Packages whose installed version pip is told to keep: others would replace torch by another build
of gigabytes, and scikit-learn by an older one."""

CPU_WHEELS: Final = "https://download.pytorch.org/whl/cpu"
TREE: Final = (
    "git clone --branch Develop https://github.com/automl/NASLib",
    'export PYTHONPATH="$PWD/NASLib"',
)
"""How to get NASLib: its setup.py refuses Python above 3.9, its source tree works."""

OTHER_BRANCHES: Final = {"archai": "zerocost"}
"""Packages that only another branch of NASLib's imports."""

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
    """Import the packages that NASLib needs, and each part of NASLib that the bridge uses."""
    found = importlib.util.find_spec("naslib")
    place = next(iter(found.submodule_search_locations or ()), "") if found else ""
    advice = f"not found; put its source tree on PYTHONPATH: {' && '.join(TREE)}"
    yield Finding("NASLib", found is not None, place or advice)
    yield Finding("Python", True, platform.python_version())
    packages = {**BASE, **FULL}
    lacking = missing(packages)
    said = "all are there"
    if lacking:
        said = f"missing {len(lacking)} that NASLib imports: {', '.join(lacking)}"
    yield Finding("packages", not lacking, said)
    if lacking:
        for what, wheels in (("a CPU", CPU_WHEELS), ("CUDA", "")):
            yield Finding(f"for {what}", False, install_command(lacking, wheels))
    yield from _broken([module for module, name in packages.items() if name not in lacking])
    if found is None:
        return
    for what, (path, use) in PARTS.items():
        try:
            naslib(path)
        except NaslibError as error:
            cause = error.__cause__ or error
            yield Finding(what, False, f"needed for {use}: {_explained(cause)}")
        else:
            yield Finding(what, True, f"imports; serves {use}")


def missing(packages: Mapping[str, str]) -> Sequence[str]:
    """Return the PyPI names of the packages that cannot be found."""
    return [name for module, name in packages.items() if importlib.util.find_spec(module) is None]


def install_command(lacking: Sequence[str], wheels: str = "") -> str:
    """Return the command that installs packages and leaves what is there as it is.

    Args:
        lacking: Names on PyPI.
        wheels: A further index of wheels, for torchvision's build without CUDA; none where empty.
    """
    there = {name: _installed(name) for name in KEPT if name not in lacking}
    kept = [
        f'"{name}=={number if wheels else _without_build(number)}"'
        for name, number in there.items()
        if number
    ]
    fitting = torchvision_for(_installed("torch"))
    wanted = [fitting if one == "torchvision" else one for one in lacking]
    index = f" --extra-index-url {wheels}" if wheels else ""
    return f"pip install{index} {' '.join([*wanted, *kept])}"


def torchvision_for(torch: str) -> str:
    """Return the torchvision that belongs to a version of torch: 0.(N + 15) to 2.N."""
    major, minor = [*_without_build(torch).split("."), "", ""][:2]
    if major != "2" or not minor.isdecimal():
        return "torchvision"
    return f'"torchvision==0.{int(minor) + 15}.*"'


def _without_build(number: str) -> str:
    """Return a version without what it was built for: 2.13.0 of 2.13.0+cpu."""
    return number.partition("+")[0]


def _installed(name: str) -> str:
    """Return the version of a distribution that is installed; empty where there is none."""
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _broken(modules: Sequence[str]) -> Iterator[Finding]:
    """Import what is there: a package may be installed and yet not work with the others."""
    for module in modules:
        try:
            importlib.import_module(module)
        except Exception as error:
            advice = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
            if module == "torchvision":
                fitting = torchvision_for(_installed("torch"))
                advice += (
                    f"; it was built for another torch: pip install --force-reinstall --no-deps "
                    f"--index-url {CPU_WHEELS} {fitting} (for CUDA without --index-url)"
                )
            yield Finding(module, False, f"is there, but does not import: {advice}")


def _explained(cause: BaseException) -> str:
    """Return why a part of NASLib does not import, and what that means where it is known."""
    told = f"{type(cause).__name__}: {cause}"
    branch = OTHER_BRANCHES.get(getattr(cause, "name", None) or "")
    if branch is None:
        return told
    return f"{told}; only its branch {branch} needs that: take Develop ({' && '.join(TREE)})"
