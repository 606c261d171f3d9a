"""What ran where: the content of ``env.json``, and the sentence that reports print of it."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from naslib_proxydata.kernels.compiled import lanes, why_off
from naslib_proxydata.plugins import Plugins
from naslib_proxydata.runs.settings import RunConfig

LOCAL = "processes"
"""The executor whose workers are of this machine."""

_PACKAGES = ("naslib-proxydata", "torch", "numpy", "scipy", "scikit-learn", "pluggy", "pydantic")


def environment(
    config: RunConfig, plugins: Plugins, acting: Sequence[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    """Return what ran where, as plain data.

    Args:
        config: Resolved.
        plugins: Those that were loaded.
        acting: What acted in the search, as :meth:`~naslib_proxydata.plugins.acting.Actor.plain`
            says it.
    """
    seeds = config.seed if isinstance(config.seed, Sequence) else [config.seed]
    return {
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "packages": {name: _version(name) for name in _PACKAGES},
        "plugins": {one.distribution: one.version for one in plugins.providers()},
        "acting": [dict(one) for one in acting],
        "device": config.device,
        "device_name": _device_name(config.device),
        "cpu_count": os.cpu_count(),
        "executor": executor.name if (executor := getattr(config, "executor", None)) else LOCAL,
        "workers": config.workers,
        "threads": config.threads,
        "compiled_kernels": lanes() > 0,
        "compiled_kernels_off": why_off(),
        "seeds": list(seeds),
    }


def provenance(env: Mapping[str, Any]) -> str:
    """Return a sentence on where a run of :func:`environment` ran."""
    packages = ", ".join(f"{name} {number}" for name, number in env["packages"].items())
    elsewhere = env.get("executor", LOCAL) != LOCAL  # whose number is the cluster's affair
    workers = f"workers of {env['executor']}" if elsewhere else _counted(env["workers"], "worker")
    threads = _counted(env["threads"], "thread")
    return (
        f"Device: {env['device']} ({env['device_name']}), {workers}, {threads} each. "
        f"Python {env['python']}, {packages}."
    )


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _version(name: str) -> str:
    if name == "torch":
        import torch

        # It names the build (2.13.0+cu130), which the metadata of PyPI's wheels leave out.
        return str(torch.__version__)
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _device_name(device: str) -> str:
    """Return the model of a GPU or of the processor, where the system tells."""
    if device.startswith("cuda"):
        import torch

        there = torch.cuda.is_available()  # it may be of other machines
        return torch.cuda.get_device_name(device) if there else "of other machines"
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            names = [line.partition(":")[2].strip() for line in lines if "model name" in line]
    except OSError:
        names = []
    return names[0] if names else platform.processor() or platform.machine()
