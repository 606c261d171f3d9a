"""Fixtures of the whole suite: the measured data, and one torch thread per process."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

DATA_VARIABLE = "NASLIB_PROXYDATA_TEST_DATA"

# More threads would not make these small tensors faster, and would change sums in the last bit
# from one machine to the next. Set here, before torch is imported, for subprocesses too.
os.environ["OMP_NUM_THREADS"] = "1"

# How long an example takes says how busy the machine is, not whether the code is right.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")


@pytest.fixture(scope="session", autouse=True)
def one_torch_thread() -> None:
    if torch := sys.modules.get("torch"):  # tests that need none do not wait for it
        torch.set_num_threads(1)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of measured data; tests that need it are skipped where it is absent."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get(DATA_VARIABLE, beside))
    if not (folder / "nb201.npz").is_file():
        pytest.skip(f"no measured data in {folder}; set {DATA_VARIABLE} to the folder")
    return folder


@pytest.fixture
def unarranged_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw figures whole, but without moving their parts out of each other's way.

    That takes most of the time of a figure, and says nothing where its look is not at question.
    """
    engine = "matplotlib.layout_engine.ConstrainedLayoutEngine.execute"
    monkeypatch.setattr(engine, lambda engine, figure: {})
