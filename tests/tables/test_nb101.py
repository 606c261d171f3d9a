from __future__ import annotations

import json
import logging
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

    def __init__(self, cells: list[dict[str, Any]], matrix_type: Any = np.int8) -> None:
        self.cells = {cell["hash"]: cell for cell in cells}
        self.matrix_type = matrix_type

    def hash_iterator(self) -> Any:
        return self.cells.keys()

    def get_metrics_from_hash(self, module_hash: str) -> tuple[dict[str, Any], dict[int, Any]]:
        cell = self.cells[module_hash]
        fixed = {
            "module_adjacency": np.array(cell["matrix"], dtype=self.matrix_type),
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


def test_the_file_with_all_budgets_is_read(
    arrays: dict[str, NDArray[Any]], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cells = some_cells(arrays)
    rows = payloads(cells)
    writer.write(tmp_path / "nasbench_full.tfrecord", rows)
    only108 = [row for row in rows if json.loads(row)[1] == 108]
    writer.write(tmp_path / "nasbench_only108.tfrecord", only108)
    with caplog.at_level(logging.INFO):
        table = nb101.load(tmp_path)
    check_against(table, cells)
    assert "nasbench_full.tfrecord is read, not" in caplog.text


def test_a_folder_in_place_of_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "nasbench_only108.tfrecord").mkdir()
    with pytest.raises(TableError, match=r"cannot read \S+nasbench_only108\.tfrecord"):
        nb101.load(tmp_path)


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


HASH = "0123456789abcdef" * 2
LINE = [[0, 1], [0, 0]]
ENDS = ["input", "output"]


def one_row(
    *,
    module_hash: str = HASH,
    epochs: Any = 108,
    matrix: Any = LINE,
    ops: Any = ENDS,
    params: int = 7,
    seconds: float = 9.0,
    accuracies: tuple[float, float, float] = (1.0, 0.9, 0.8),
    evaluations: int = 3,
) -> bytes:
    """Return an official row of the smallest cell, one value changed."""
    last = writer.evaluation(108, seconds, *accuracies)
    metrics = writer.model_metrics([last] * evaluations, params, 1.0)
    return writer.row(module_hash, epochs, matrix, ops, metrics)


def test_published_rows_break_base64_into_lines(tmp_path: Path) -> None:
    """``base64.encodebytes`` wrote them: 76 characters and a newline, and one at the end."""
    row = one_row()
    packed = json.loads(row)[4]
    assert [len(line) for line in packed.splitlines()][:2] == [76, 76]
    assert packed.endswith("\n")
    writer.write(tmp_path / "nasbench_only108.tfrecord", [row])
    table = nb101.load(tmp_path)
    assert table.query("1:", "cifar10", "validation_accuracy") == pytest.approx(90.0)
    assert table.query("1:", "cifar10", "test_accuracy") == pytest.approx(80.0)
    assert table.params.tolist() == [7]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"epochs": -108}, "one of .4, 12, 36, 108. epochs, got -108"),
        ({"epochs": 107}, "got 107"),
        ({"epochs": 108.0}, r"got 108\.0"),
        ({"epochs": True}, "got True"),
        ({"epochs": 2**70}, "got 1180"),
        ({"matrix": [[0, 2], [0, 0]]}, r"holds \[0, 2\]"),
        ({"matrix": [[0, 1], [1, 0]]}, "upper triangular"),
        ({"matrix": [[1, 1], [0, 0]]}, "upper triangular"),
        ({"matrix": [[0, 1, 0]]}, "got 3 entries and 2 operations"),
        (
            {
                "matrix": np.triu(np.ones((5, 5), int), 1).tolist(),
                "ops": ["input", *["maxpool3x3"] * 3, "output"],
            },
            "10 edges",
        ),
        ({"module_hash": "abc"}, "32 hexadecimal digits, got 'abc'"),
        ({"module_hash": HASH + "0"}, "32 hexadecimal"),
        ({"module_hash": 7}, "32 hexadecimal"),
        ({"ops": ["output", "input"]}, "'input' first"),
        ({"ops": ["input", "input"]}, "'input' first"),
        ({"params": 0}, "0 trainable parameters"),
        ({"params": 2**31}, "2147483648 trainable parameters"),
        ({"params": 2**64 - 1}, "trainable parameters are impossible"),
        ({"seconds": -1.0}, r"-1\.0 seconds"),
        ({"seconds": float("inf")}, "inf seconds"),
        ({"seconds": float("nan")}, "nan seconds"),
        ({"accuracies": (1.0, 3e300, 1.0)}, r"validation_accuracy.*got 3e\+300"),
        ({"accuracies": (1.0, 94.1, 93.0)}, r"validation_accuracy.*got 94\.1"),
        ({"accuracies": (1.0, 0.9, -0.1)}, "test_accuracy"),
        ({"accuracies": (float("nan"), 0.9, 0.9)}, "train_accuracy.*got nan"),
        ({"evaluations": 2}, "expected 3 evaluations, got 2"),
        ({"evaluations": 4}, "expected 3 evaluations, got 4"),
    ],
)
def test_impossible_records_are_refused(changed: Any, said: str, tmp_path: Path) -> None:
    path = tmp_path / "nasbench_full.tfrecord"
    writer.write(path, [one_row(), one_row(**changed)])
    with pytest.raises(TableError, match=rf"nasbench_full\.tfrecord: record 1.*{said}"):
        nb101.load(tmp_path)


def test_a_value_that_a_record_leaves_out_is_no_zero(tmp_path: Path) -> None:
    without_test = writer.evaluation(108, 9.0, 1.0, 0.9, 0.8)[:-9]
    metrics = writer.model_metrics([without_test] * 3, 7, 1.0)
    row = writer.row(HASH, 108, LINE, ENDS, metrics)
    writer.write(tmp_path / "nasbench_only108.tfrecord", [row])
    with pytest.raises(TableError, match="test_accuracy is a fraction from 0 to 1, got nan"):
        nb101.load(tmp_path)


def test_repeats_of_a_module_are_of_one_cell(tmp_path: Path) -> None:
    three = {"matrix": [[0, 1, 0], [0, 0, 1], [0, 0, 0]], "ops": ["input", "maxpool3x3", "output"]}
    for changed in (three, {"params": 8}):
        writer.write(tmp_path / "nasbench_only108.tfrecord", [one_row(), one_row(**changed)])  # type: ignore[arg-type]
        with pytest.raises(TableError, match=f"records of module {HASH} differ"):
            nb101.load(tmp_path)


def test_impossible_values_of_a_live_object_are_refused(arrays: dict[str, NDArray[Any]]) -> None:
    cells = some_cells(arrays)
    cells[1]["matrix"] = (0.5 * np.array(cells[1]["matrix"])).tolist()
    with pytest.raises(TableError, match=f"StandIn object, '{cells[1]['hash']}'.*matrix holds"):
        nb101.from_api(StandIn(cells, np.float64))
    cells = some_cells(arrays)
    cells[0]["params"] = float("nan")
    with pytest.raises(TableError, match=f"StandIn object, '{cells[0]['hash']}'"):
        nb101.from_api(StandIn(cells))


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("validation_accuracy", lambda a: 100 * a, r"lies between .*, expected 0 to 1"),
        ("validation_accuracy", lambda a: a + np.float32(np.inf), "lies between"),
        ("validation_accuracy", lambda a: a[:, :1], r"of shape \(5, 4\), got float32 of shape"),
        ("epochs", lambda a: a[::-1], "some of .* in this order"),
        ("epochs", lambda a: -a, "some of"),
        ("adjacency", lambda a: 2 * a, "lies between 0 and 2"),
        ("ops", lambda a: a + 9, "lies between"),
        ("num_vertices", lambda a: a + 7, "lies between"),
        ("op_names", lambda a: a[::-1], "op_names must be"),
        ("trainable_parameters", lambda a: a * np.nan, "must be integers"),
        ("trainable_parameters", lambda a: -a, "lies between"),
        ("module_hash", lambda a: a[:4], "of shape"),
    ],
)
def test_impossible_compact_arrays_are_refused(
    arrays: dict[str, NDArray[Any]], name: str, change: Any, said: str, tmp_path: Path
) -> None:
    few = {
        key: array if key in ("epochs", "op_names") else array[:5] for key, array in arrays.items()
    }
    np.savez(tmp_path / "nb101.npz", **few)
    assert len(nb101.load(tmp_path)) == 5
    np.savez(tmp_path / "nb101.npz", **{**few, name: change(few[name])})
    with pytest.raises(TableError, match=rf"nb101\.npz.*{said}"):
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
    numbers = np.arange(2**21)
    edges = sum(numbers >> bit & 1 for bit in range(21))
    once = numbers[(edges <= 9) & (numbers & 1 << 5 > 0)]  # the edge from first to last
    numbers = np.concatenate([once, once])[:n]
    adjacency = np.zeros((n, 7, 7), dtype=np.uint8)
    adjacency[:, upper] = numbers[:, None] >> np.arange(21) & 1
    ops = np.zeros((n, 7), dtype=np.int8)
    ops[:, [0, 6]] = 3, 4
    ops[:, 1:6] = generator.integers(3, size=(n, 5))
    ops[len(once) :, 1:6] = (ops[: n - len(once), 1:6] + 1) % 3  # the same matrix, other cells
    accuracy = generator.random((n, 4)).astype(np.float32)
    np.savez(
        tmp_path / "nb101.npz",
        module_hash=np.array([f"{number:032x}" for number in range(n)], dtype="S32"),
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
