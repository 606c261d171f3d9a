from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from naslib_proxydata.errors import TableAbsentError, TableError
from naslib_proxydata.seeding import numpy_generator
from naslib_proxydata.spaces.nb101.space import NasBench101
from naslib_proxydata.tables import nb101
from naslib_proxydata.testing import BenchmarkContract
from tests.tables import tfrecord_writer as writer

REPEATS = 3
EPOCHS = (36, 108)


@pytest.fixture(scope="module")
def arrays(shared_data: Path) -> dict[str, NDArray[Any]]:
    """The shared compact table: 30,001 real cells."""
    with np.load(shared_data / "nb101.npz") as archive:
        return {key: archive[key] for key in archive.files}


def some_cells(arrays: dict[str, NDArray[Any]], n: int = 6) -> list[dict[str, Any]]:
    """Return real cells with a spread of sizes, as an official reader gives them."""
    rows = [int(np.flatnonzero(arrays["num_vertices"] == size)[0]) for size in (2, 3, 5)]
    names = [name.decode() for name in arrays["op_names"]]
    cells = []
    for row in [*rows, *range(n - len(rows))]:
        size = int(arrays["num_vertices"][row])
        cells.append(
            {
                "hash": arrays["module_hash"][row].decode(),
                "matrix": arrays["adjacency"][row, :size, :size].tolist(),
                "ops": [names[code] for code in arrays["ops"][row, :size]],
                "params": int(arrays["trainable_parameters"][row]),
                "validation": arrays["validation_accuracy"][row, 2:].tolist(),
                "seconds": float(arrays["training_time"][row]),
            }
        )
    return cells


def repeats(cell: dict[str, Any], budget: int) -> list[tuple[float, float, float, float]]:
    """Return (seconds, train, validation, test) of each repeat; validation is real."""
    validation = cell["validation"][budget]
    return [
        (cell["seconds"] + one, 1.0, validation + 0.01 * (one - 1), validation - 0.005)
        for one in range(REPEATS)
    ]


def payloads(cells: list[dict[str, Any]]) -> list[bytes]:
    """Return the official rows, repeats far apart from each other."""
    rows = []
    for one in range(REPEATS):
        for cell in cells:
            for budget, epochs in enumerate(EPOCHS):
                seconds, *accuracies = repeats(cell, budget)[one]
                evaluations = [
                    writer.evaluation(0, 0, 0.1, 0.1, 0.1, "/dir/model.ckpt-0"),
                    writer.evaluation(epochs / 2, seconds / 2, 0.5, 0.5, 0.5),
                    writer.evaluation(epochs, seconds, *accuracies, checkpoint="x" * 200),
                ]
                metrics = writer.model_metrics(evaluations, cell["params"], seconds * 1.1)
                rows.append(writer.row(cell["hash"], epochs, cell["matrix"], cell["ops"], metrics))
    return rows


def check_against(table: nb101.NasBench101Table, cells: list[dict[str, Any]]) -> None:
    assert len(table) == len(cells)
    space = NasBench101()
    for cell in cells:
        text = space.text(space.from_matrix(cell["matrix"], cell["ops"]))
        assert text in table.architectures()
        assert table.params[table.position(text)] == cell["params"]
        for budget, suffix in enumerate(("_36_epochs", "")):
            expected = 100 * cell["validation"][budget]
            for metric, value in (("validation", expected), ("test", expected - 0.5)):
                got = table.query(text, "cifar10", f"{metric}_accuracy{suffix}")
                assert got == pytest.approx(value, abs=1e-4)


class StandIn:
    """The documented methods of ``nasbench.api.NASBench``, over real values."""

    def __init__(self, cells: list[dict[str, Any]]) -> None:
        self.cells = {cell["hash"]: cell for cell in cells}

    def hash_iterator(self) -> Any:
        return self.cells.keys()

    def get_metrics_from_hash(self, module_hash: str) -> tuple[dict[str, Any], dict[int, Any]]:
        cell = self.cells[module_hash]
        fixed = {
            "module_adjacency": np.array(cell["matrix"], dtype=np.int8),
            "module_operations": cell["ops"],
            "trainable_parameters": cell["params"],
        }
        computed = {
            epochs: [
                {
                    "final_training_time": seconds,
                    "final_train_accuracy": train,
                    "final_validation_accuracy": validation,
                    "final_test_accuracy": test,
                    "halfway_test_accuracy": 0.5,
                }
                for seconds, train, validation, test in repeats(cell, budget)
            ]
            for budget, epochs in enumerate(EPOCHS)
        }
        return fixed, computed


class TestContract(BenchmarkContract):
    @pytest.fixture
    def table(self, shared_data: Path) -> nb101.NasBench101Table:
        return nb101.load(shared_data)


def test_official_file_as_it_is(arrays: dict[str, NDArray[Any]], tmp_path: Path) -> None:
    cells = some_cells(arrays)
    writer.write(tmp_path / "nasbench_only108.tfrecord", payloads(cells))
    check_against(nb101.load(tmp_path), cells)


def test_converted_file(arrays: dict[str, NDArray[Any]], tmp_path: Path) -> None:
    cells = some_cells(arrays)
    source = tmp_path / "nasbench_full.tfrecord"
    writer.write(source, payloads(cells))
    assert nb101.convert(source, tmp_path / "nb101.npz") == []
    source.unlink()
    table = nb101.load(tmp_path)
    check_against(table, cells)
    with np.load(tmp_path / "nb101.npz") as made:
        assert made["training_time"].dtype == np.float32
        for key in ("module_hash", "adjacency", "ops", "op_names", "trainable_parameters"):
            assert made[key].dtype == arrays[key].dtype
        rows = np.searchsorted(arrays["module_hash"], made["module_hash"])
        np.testing.assert_array_equal(made["ops"], arrays["ops"][rows])
        np.testing.assert_array_equal(made["adjacency"], arrays["adjacency"][rows])


def test_live_api_object(arrays: dict[str, NDArray[Any]]) -> None:
    cells = some_cells(arrays)
    table = nb101.from_api(StandIn(cells))
    check_against(table, cells)
    assert "StandIn" in table.source


def test_damage_is_named_and_can_be_skipped(
    arrays: dict[str, NDArray[Any]], tmp_path: Path
) -> None:
    source = tmp_path / "nasbench_only108.tfrecord"
    rows = payloads(some_cells(arrays))
    writer.write(source, rows)
    data = bytearray(source.read_bytes())
    data[16 * 5 + sum(map(len, rows[:5])) - 1] ^= 1  # the last byte of record 4's checksum
    source.write_bytes(data)
    with pytest.raises(TableError, match=r"nasbench_only108\.tfrecord: record 4 fails"):
        nb101.load(tmp_path)
    left_out = nb101.convert(source, tmp_path / "nb101.npz", skip_damaged=True)
    assert len(left_out) == 1
    assert "record 4" in left_out[0]
    assert len(nb101.load(tmp_path)) == 6


@pytest.mark.parametrize(
    "payload",
    [
        b"not json",
        b"[1, 2, 3]",
        writer.row("0" * 32, 108, [[0, 1], [0, 0]], ["input", "output"], b"\x0a\x7f"),
        writer.row("0" * 32, 108, [[0, 1], [0, 0]], ["input", "output"], b""),
    ],
)
def test_rows_of_something_else_are_named(payload: bytes, tmp_path: Path) -> None:
    path = tmp_path / "nasbench_only108.tfrecord"
    writer.write(path, [payload])
    with pytest.raises(TableError, match=r"nasbench_only108\.tfrecord: record 0 is not a row"):
        nb101.load(tmp_path)


def test_unknown_operation_is_named(arrays: dict[str, NDArray[Any]], tmp_path: Path) -> None:
    cells = some_cells(arrays)
    cells[2]["ops"] = ["input", *["conv5x5-bn-relu"] * (len(cells[2]["ops"]) - 2), "output"]
    writer.write(tmp_path / "nasbench_only108.tfrecord", payloads(cells))
    with pytest.raises(TableError, match=f"module {cells[2]['hash']}.*conv5x5-bn-relu"):
        nb101.load(tmp_path)


def test_isomorphic_cells_and_hashes_lead_to_the_row(shared_data: Path) -> None:
    table = nb101.load(shared_data)
    space = NasBench101()
    for row in range(0, len(table), 3000):
        cell = space.parse(table.architectures()[row])
        assert table.position(space.text(space.canonical(cell))) == row
        assert table.position(table.hashes[row].decode()) == row


def test_a_text_of_another_space_is_refused(shared_data: Path) -> None:
    table = nb101.load(shared_data)
    for text in ("|nor_conv_3x3~0|", "64-41414-3_33_333", "1:1:1", "f" * 32):
        with pytest.raises(TableError, match="NAS-Bench-101"):
            table.position(text)


def test_absent_and_foreign_files(tmp_path: Path) -> None:
    with pytest.raises(TableAbsentError, match=r"nb101\.npz"):
        nb101.load(tmp_path)
    with pytest.raises(TableAbsentError):
        nb101.load(None)
    path = tmp_path / "nb101.npz"
    path.write_bytes(b"PK not a zip")
    with pytest.raises(TableError, match=r"nb101\.npz"):
        nb101.load(tmp_path)
    np.savez(path, something=np.zeros(3))
    with pytest.raises(TableError, match="expected arrays"):
        nb101.load(tmp_path)


def test_full_size_loads_and_answers_fast(tmp_path: Path) -> None:
    """A table of 423,624 made-up rows: loading under 1 s, every query under 2 s of CPU time."""
    n = 423_624
    generator = numpy_generator(0, "full size")
    upper = np.triu(np.ones((7, 7), dtype=bool), k=1)
    numbers = np.arange(n)
    adjacency = np.zeros((n, 7, 7), dtype=np.uint8)
    adjacency[:, upper] = numbers[:, None] >> np.arange(21) & 1
    ops = np.zeros((n, 7), dtype=np.int8)
    ops[:, 1:6] = generator.integers(3, size=(n, 5))
    accuracy = generator.random((n, 4)).astype(np.float32)
    np.savez(
        tmp_path / "nb101.npz",
        module_hash=np.array([f"{number:032x}" for number in numbers], dtype="S32"),
        num_vertices=np.full(n, 7, dtype=np.uint8),
        adjacency=adjacency,
        ops=ops,
        epochs=np.array([4, 12, 36, 108], dtype=np.int16),
        validation_accuracy=accuracy,
        trainable_parameters=np.full(n, 1, dtype=np.int32),
    )
    started = time.process_time()
    table = nb101.load(tmp_path)
    loaded = time.process_time()
    got = [table.query(one, "cifar10", "validation_accuracy") for one in table.architectures()]
    finished = time.process_time()
    np.testing.assert_allclose(got, 100 * accuracy[:, 3].astype(np.float64))
    assert loaded - started < 1
    assert finished - loaded < 2
