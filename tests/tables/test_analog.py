"""The AnalogNAS baseline."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path
from typing import Any

import pytest
from scipy.stats import spearmanr

from naslib_proxydata.errors import TableAbsentError, TableError
from naslib_proxydata.spaces.nb201 import cell as nb201_cell
from naslib_proxydata.spaces.nb201 import codes as nb201_codes
from naslib_proxydata.tables import analog
from naslib_proxydata.tables.analog import analog_installed, read_analog
from naslib_proxydata.tables.nb201 import open_nb201
from naslib_proxydata.testing.benchmark import BenchmarkContract
from tests.tables.nb201_files import RunsCode

needs_package = pytest.mark.skipif(
    not analog_installed(), reason="needs the extra [demo]: analog-nasbench is not installed"
)


@pytest.fixture(scope="module")
def baseline() -> Any:
    return open_nb201(None)


@needs_package
class TestContract(BenchmarkContract):
    @pytest.fixture
    def table(self, baseline: Any) -> Any:
        return baseline


@needs_package
def test_it_is_named_for_what_it_is() -> None:
    table = open_nb201(None)
    assert (table.name, table.label) == ("nb201", "AnalogNAS baseline")
    assert table.columns() == {"cifar10": ("baseline_accuracy",)}
    assert table.default_metric("cifar10") == "baseline_accuracy"
    assert len(table) == 15_625
    assert table.source.endswith("data.anb")
    values = table.values("cifar10", "baseline_accuracy")
    assert values.min() == 10.0  # chance level, in percent
    assert 94 < values.max() < 95
    with pytest.raises(TableError, match=r"metric 'validation_accuracy' in AnalogNAS baseline"):
        table.values("cifar10", "validation_accuracy")


@needs_package
def test_it_is_read_without_importing_the_package() -> None:
    read_analog()
    assert "analognasbench" not in sys.modules
    assert "pkg_resources" not in sys.modules


@needs_package
def test_keys_are_naslibs_codes(shared_data: Path) -> None:
    published = open_nb201(shared_data)
    table = read_analog()
    values = table.values("cifar10", "baseline_accuracy")

    def correlation(texts: list[str]) -> float:
        measured = published.values("cifar10", "validation_accuracy")
        order = [published.position(text) for text in texts]
        return float(spearmanr(values, measured[order]).statistic)

    right = list(table.architectures())
    assert correlation(right) == pytest.approx(0.986, abs=0.0005)
    keys = [nb201_codes.to_naslib_codes(nb201_cell.parse(text)) for text in right]
    naive = [nb201_cell.text(nb201_codes.from_official_codes(key)) for key in keys]
    assert correlation(naive) == pytest.approx(0.468, abs=0.0005)


@needs_package
def test_cells_without_signal_are_at_chance() -> None:
    table = read_analog()
    text = "|none~0|+|nor_conv_3x3~0|none~1|+|none~0|none~1|none~2|"
    assert table.query(text, "cifar10", "baseline_accuracy") == 10.0


def test_absence_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analog, "DISTRIBUTION", "a-distribution-that-is-not-installed")
    assert not analog_installed()
    with pytest.raises(TableAbsentError, match=r"pip install 'naslib-proxydata\[demo\]'"):
        read_analog()


def test_hostile_and_damaged_files(tmp_path: Path) -> None:
    marker, path = tmp_path / "it-ran", tmp_path / "data.anb"
    path.write_bytes(pickle.dumps({(0,) * 6: RunsCode(marker)}))
    with pytest.raises(TableError, match="wants to load"):
        read_analog(path)
    assert not marker.exists()
    path.write_bytes(pickle.dumps({(0,) * 6: 1.0})[:-4])
    with pytest.raises(TableError, match="truncated or damaged"):
        read_analog(path)
    for content in ({(0,) * 6: 1.0}, {(9,) * 6: 1.0}, {3: 1.0}, [1, 2]):
        path.write_bytes(pickle.dumps(content))
        with pytest.raises(TableError, match="layout of analog-nasbench"):
            read_analog(path)
    with pytest.raises(TableError, match="cannot read"):
        read_analog(tmp_path / "absent.anb")
