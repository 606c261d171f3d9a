"""The names of ``import naslib_proxydata``."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest

import naslib_proxydata


@pytest.mark.parametrize("name", naslib_proxydata.__all__)
def test_every_name_is_there_and_documented(name: str) -> None:
    found = getattr(naslib_proxydata, name)
    if name == "__version__":
        assert isinstance(found, str)
        return
    assert inspect.getdoc(found)
    assert name in dir(naslib_proxydata)


@pytest.mark.parametrize(
    "name", ["score", "rank", "select", "search", "evolve", "dps", "space", "table", "predictor"]
)
def test_functions_say_what_they_take_return_and_raise(name: str) -> None:
    function = getattr(naslib_proxydata, name)
    text = inspect.getdoc(function) or ""
    for argument in inspect.signature(function).parameters:
        assert f"\n    {argument}: " in text, f"{name}: say what {argument} is"
    assert "\nReturns:\n" in text
    assert "\nRaises:\n" in text
    assert all(
        one.annotation is not inspect.Parameter.empty
        for one in inspect.signature(function).parameters.values()
    )


def test_an_unknown_name_is_told() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'scores'"):
        naslib_proxydata.scores  # noqa: B018


def test_using_a_measure_imports_no_torch() -> None:
    program = (
        "import sys, naslib_proxydata as p; assert p.spearman([1, 2, 3], [1, 2, 3]) > 0.99;"
        "assert 'torch' not in sys.modules and 'pluggy' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
