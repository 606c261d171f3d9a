"""Plugins: what they may offer, where they come from, and the manager that checks them."""

from naslib_proxydata.plugins.acting import Acting
from naslib_proxydata.plugins.kinds import KINDS
from naslib_proxydata.plugins.manager import Plugins, load
from naslib_proxydata.plugins.sources import Provider
from naslib_proxydata.plugins.tracing import TRACE_VARIABLE

__all__ = ["KINDS", "TRACE_VARIABLE", "Acting", "Plugins", "Provider", "load"]
