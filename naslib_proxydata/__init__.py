"""Neural architecture search on a fraction of the data and the cost, as a plugin.

Importing the package is cheap on purpose: torch, matplotlib and scikit-learn are loaded
by the room that needs them, never here.
"""

from naslib_proxydata.hookspecs import hookimpl

__version__: str

__all__ = ["__version__", "hookimpl"]


def __getattr__(name: str) -> str:
    """Read the version from the installed metadata when it is first asked for (PEP 562)."""
    if name == "__version__":
        from naslib_proxydata.version import installed_version

        return installed_version()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
