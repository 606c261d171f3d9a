"""Bridges whose packages are absent say what to install."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

from naslib_proxydata.bridging import lazy_names
from naslib_proxydata.errors import BridgeError

BRIDGES = {
    "optuna_bridge": ("FewLabelSampler", "optuna"),
    "syne_tune_bridge": ("table_blackbox", "syne_tune"),
    "neps_bridge": ("FewLabelOptimizer", "neps"),
}


@pytest.mark.parametrize("room", BRIDGES)
def test_what_to_install_is_said(room: str) -> None:
    """As where the package is absent: None in sys.modules makes an import fail."""
    name, package = BRIDGES[room]
    program = f"""
import sys
sys.modules[{package!r}] = None
try:
    from naslib_proxydata.{room} import {name}
except Exception as error:
    print(type(error).__name__, error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.startswith("BridgeError"), done.stdout + done.stderr
    assert "pip install" in done.stdout


@pytest.mark.parametrize("room", BRIDGES)
def test_no_package_is_imported_before_it_is_used(room: str) -> None:
    module = importlib.import_module(f"naslib_proxydata.{room}")
    assert BRIDGES[room][0] in module.__all__
    program = f"import sys, naslib_proxydata.{room}; assert {BRIDGES[room][1]!r} not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)
    with pytest.raises(AttributeError, match="no attribute 'absent'"):
        module.absent  # noqa: B018


def test_an_error_of_another_package_is_its_own() -> None:
    found = lazy_names("naslib_proxydata", {"x": "absent_module"}, {"optuna": "optuna"}, "pip")
    with pytest.raises(ModuleNotFoundError):
        found("x")
    assert not issubclass(ModuleNotFoundError, BridgeError)
