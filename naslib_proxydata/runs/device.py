"""The device of a run, which must be there before anything is spent."""

from __future__ import annotations

from naslib_proxydata.errors import ConfigError


def resolved_device(name: str) -> str:
    """Return a torch device that is there.

    Raises:
        ConfigError: It is not.
    """
    import torch

    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if problem := _problem_with(name):
        raise ConfigError(f"device {name!r} cannot be used: {problem}; try 'auto'")
    return name


def checked_on(name: str) -> str:
    """Return the device itself, or the CPU for what is checked here to be computed elsewhere."""
    return "cpu" if _problem_with(name) else name


def _problem_with(name: str) -> str:
    """Return why this machine cannot use a device, or nothing."""
    import torch

    try:
        torch.empty(0, device=name)
        torch.Generator(device=name)  # random numbers are drawn there
    except (RuntimeError, AssertionError) as error:
        return str(error).splitlines()[0]
    return ""
