"""Plugins: what they may offer, where they come from, and the manager that checks them."""

from naslib_proxydata.plugins.manager import KINDS, TRACE_VARIABLE, Plugins, load
from naslib_proxydata.plugins.sources import Provider

__all__ = ["KINDS", "TRACE_VARIABLE", "Plugins", "Provider", "load"]
