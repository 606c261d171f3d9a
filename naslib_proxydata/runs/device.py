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
    try:
        torch.empty(0, device=name)
        torch.Generator(device=name)  # random numbers are drawn there
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(f"device {name!r} cannot be used: {reason}; try 'auto'") from None
    return name
