"""Neural architecture search on a fraction of the data and the cost, as a plugin.

Importing the package is cheap on purpose: torch, matplotlib and scikit-learn are loaded
by the room that needs them, never here.
"""

from naslib_proxydata.hookspecs import hookimpl

__version__ = "0.1.0"

__all__ = ["__version__", "hookimpl"]
