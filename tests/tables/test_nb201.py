"""NAS-Bench-201 tables: the compact file, the official ones, and where they are looked for."""

from __future__ import annotations

import copy
import logging
import pickle
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from naslib_proxydata.errors import TableAbsentError, TableError
from naslib_proxydata.ranking import spearman
from naslib_proxydata.tables import nb201, writing
from naslib_proxydata.tables.nb201 import convert, open_nb201, open_source
from naslib_proxydata.tables.nb201_columns import MEASUREMENTS
from naslib_proxydata.tables.nb201_compact import read_compact
from naslib_proxydata.testing.benchmark import BenchmarkContract
from tests.tables.nb201_files import (
    RunsCode,
    official_texts,
    pth_content,
    real_records,
    write_nats_folder,
    write_pbz2,
    write_pth,
)

Values = dict[tuple[int, str, str], float]


@pytest.fixture(scope="module")
def compact(shared_data: Path) -> Any:
    return open_nb201(shared_data)


class TestCompactContract(BenchmarkContract):
    @pytest.fixture
    def table(self, compact: Any) -> Any:
        return compact


@pytest.fixture(scope="module")
def records(shared_data: Path) -> dict[int, dict[str, Any]]:
    return real_records(shared_data)


@pytest.fixture(scope="module")
def texts(shared_data: Path) -> list[str]:
    return official_texts(shared_data)


@pytest.fixture(scope="module")
def expected(records: dict[int, Any]) -> Values:
    """The means of the real records, straight from their trials."""
    where = {
        "cifar10": (("cifar10-valid", "x-valid"), ("cifar10", "ori-test")),
        "cifar100": (("cifar100", "x-valid"), ("cifar100", "x-test")),
        "imagenet16": (("ImageNet16-120", "x-valid"), ("ImageNet16-120", "x-test")),
    }
    values: Values = {}
    for index, by_epochs in records.items():
        for epochs, suffix in (("200", ""), ("12", "_12_epochs")):
            for dataset, splits in where.items():
                for metric, (trained, split) in zip(("validation", "test"), splits, strict=True):
                    trials = [
                        trial["eval_acc1es"][f"{split}@{int(epochs) - 1}"]
                        for (name, _), trial in by_epochs[epochs]["all_results"].items()
                        if name == trained
                    ]
                    assert len(trials) in (1, 2, 3)
                    key = (index, dataset, f"{metric}_accuracy{suffix}")
                    values[key] = float(np.mean(trials))
    return values


# ----------------------------------------------------------------------------- the compact file


def test_compact_columns_are_the_files_own(shared_data: Path) -> None:
    file = np.load(shared_data / "nb201.npz")
    table = open_nb201(shared_data / "nb201.npz")
    pairs = {
        ("cifar10", "validation_accuracy"): "cifar10_valid_200",
        ("cifar10", "test_accuracy"): "cifar10_test_200",
        ("cifar100", "validation_accuracy_12_epochs"): "cifar100_valid_12",
        ("cifar100", "test_accuracy_one_trial"): "cifar100_test_200_one_trial",
        ("imagenet16", "validation_accuracy"): "imagenet16_valid_200",
        ("imagenet16", "test_accuracy"): "imagenet16_test_200",
        ("imagenet16", "validation_accuracy_12_epochs"): "imagenet16_valid_12",
        ("imagenet16", "test_accuracy_12_epochs"): "imagenet16_test_12",
        ("imagenet16", "test_accuracy_one_trial"): "imagenet16_test_200_one_trial",
    }
    for (dataset, metric), name in pairs.items():
        np.testing.assert_array_equal(table.values(dataset, metric), file[name])
    assert table.architectures()[284] == file["arch_str"][284].decode()
    assert table.default_metric("cifar10") == "validation_accuracy"


def test_imagenet16_is_plausible(compact: Any) -> None:
    """arXiv 2001.00326 reports 46.77 and 47.31 % for the best of all cells."""
    chance = 100 / 120
    validation = compact.values("imagenet16", "validation_accuracy")
    test = compact.values("imagenet16", "test_accuracy")
    assert validation.max() == pytest.approx(46.77, abs=0.1)
    assert test.max() == pytest.approx(47.31, abs=0.1)
    assert min(validation.min(), test.min()) == pytest.approx(chance, abs=0.2)
    assert np.median(compact.values("imagenet16", "validation_accuracy_12_epochs")) < np.median(
        validation
    )
    # The same cells are good on CIFAR-100, which another training measured.
    assert spearman(validation, compact.values("cifar100", "validation_accuracy")) > 0.9


def test_a_dataset_that_the_file_lacks_is_told(
    arrays: dict[str, np.ndarray], tmp_path: Path
) -> None:
    path = tmp_path / "nb201.npz"
    np.savez(path, **arrays, cifar100_test_200=arrays["cifar10_valid_200"])
    table = open_nb201(path)
    assert list(table.columns()) == ["cifar10", "cifar100"]
    with pytest.raises(TableError, match=r"holds no imagenet16; it holds cifar10, cifar100"):
        table.values("imagenet16", "validation_accuracy")


def test_opening_the_compact_table_is_quick(shared_data: Path) -> None:
    started = time.process_time()
    open_nb201(shared_data)
    assert time.process_time() - started < 1


@pytest.fixture
def arrays(shared_data: Path) -> dict[str, np.ndarray]:
    file = np.load(shared_data / "nb201.npz")
    return {name: file[name][:50] for name in ("arch_str", "op_codes", "cifar10_valid_200")}


Change = Callable[[dict[str, np.ndarray]], dict[str, np.ndarray]]
NASLIB = [1, 0, 3, 2, 4]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda a: {**a, "cifar10_valid_200": a["cifar10_valid_200"][:-1]}, r"shape \(49,\)"),
        (lambda a: {**a, "op_codes": a["op_codes"][:-1]}, "op_codes.*expected"),
        (lambda a: {**a, "op_codes": a["op_codes"].T}, "op_codes.*expected"),
        (lambda a: {**a, "op_codes": np.array(NASLIB)[a["op_codes"]]}, "different cells"),
        (lambda a: {**a, "op_codes": a["op_codes"][:, ::-1]}, "different cells"),
        (lambda a: {**a, "arch_str": a["arch_str"][::-1]}, "different cells"),
        (lambda a: {**a, "arch_str": np.array([b"|none~0|"] * 50)}, "not a NAS-Bench-201 cell"),
        (
            lambda a: {
                "arch_str": a["arch_str"][[0] * 50],
                "cifar10_valid_200": a["cifar10_valid_200"],
            },
            "twice",
        ),
        (lambda a: {"cifar10_valid_200": a["cifar10_valid_200"]}, "lacks the array 'arch_str'"),
        (lambda a: {"arch_str": a["arch_str"]}, "no column"),
        (lambda a: {**a, "cifar10_valid_200": a["cifar10_valid_200"] / 100}, "in percent"),
        (lambda a: {**a, "cifar10_valid_200": -a["cifar10_valid_200"]}, "in percent"),
        (lambda a: {**a, "cifar10_valid_200": a["arch_str"]}, "expected float64"),
    ],
)
def test_wrong_compact_files_are_refused(
    arrays: dict[str, np.ndarray], change: Change, said: str, tmp_path: Path
) -> None:
    path = tmp_path / "nb201.npz"
    np.savez(path, **arrays)
    assert len(open_nb201(tmp_path)) == 50
    np.savez(path, **change(arrays))
    with pytest.raises(TableError, match=said):
        open_nb201(tmp_path)


def test_damaged_compact_files_are_refused(shared_data: Path, tmp_path: Path) -> None:
    whole = (shared_data / "nb201.npz").read_bytes()
    path = tmp_path / "nb201.npz"
    for length in (0, 3, 1000, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(TableError, match=r"damaged .*write it again with"):
            open_nb201(path)
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 255
    path.write_bytes(bytes(flipped))
    with pytest.raises(TableError, match=r"damaged .*write it again with"):
        open_nb201(path)


def test_a_pickle_inside_the_compact_file_does_not_run(tmp_path: Path) -> None:
    marker = tmp_path / "it-ran"
    path = tmp_path / "nb201.npz"
    hostile = np.array([RunsCode(marker)], dtype=object)
    np.savez(path, arch_str=hostile, allow_pickle=True)
    with pytest.raises(TableError, match=r"damaged .*write it again with"):
        open_nb201(path)
    path.write_bytes(pickle.dumps(RunsCode(marker)))
    with pytest.raises(TableError, match=r"damaged .*write it again with"):
        open_nb201(path)
    assert not marker.exists()


# --------------------------------------------------------------------------- the official files


def check(table: Any, expected: Values, shared_data: Path) -> None:
    """Compare a table of the three real cells with their trials and with the shared table."""
    assert len(table) == 15_625
    text = dict(enumerate(table.architectures()))
    for (index, dataset, metric), value in expected.items():
        assert table.query(text[index], dataset, metric) == pytest.approx(value, abs=1e-9)
        assert np.isnan(table.values(dataset, metric)[1])
    published = open_nb201(shared_data)
    for dataset, metrics in published.columns().items():
        for metric in metrics[:4]:
            for index in (0, 11, 284):
                assert table.query(text[index], dataset, metric) == pytest.approx(
                    published.query(text[index], dataset, metric), abs=1e-6
                )


def test_nats_folder(
    records: Any, texts: Any, expected: Values, shared_data: Path, tmp_path: Path, caplog: Any
) -> None:
    folder = write_nats_folder(tmp_path / "NATS-tss-v1_0-3ffb9-simple", records, texts)
    with caplog.at_level(logging.WARNING):
        check(open_nb201(tmp_path), expected, shared_data)
    assert "3 of 15625 cells" in caplog.text
    assert open_nb201(folder).source == str(folder)


@pytest.mark.parametrize("legacy", [False, True])
def test_pth(
    legacy: bool, records: Any, texts: Any, expected: Values, shared_data: Path, tmp_path: Path
) -> None:
    path = tmp_path / "NAS-Bench-201-v1_1-096897.pth"
    write_pth(path, pth_content(records, texts), legacy)
    check(open_nb201(tmp_path), expected, shared_data)
    assert open_nb201(path).source == str(path)


def test_numbers_may_be_numpys(records: Any, texts: Any, expected: Values, tmp_path: Path) -> None:
    record = {"200": {**records[0]["200"]}}
    record["200"]["all_results"] = {
        key: {**trial, "eval_acc1es": {k: np.float64(v) for k, v in trial["eval_acc1es"].items()}}
        for key, trial in record["200"]["all_results"].items()
    }
    table = open_nb201(write_nats_folder(tmp_path / "nats", {0: record}, texts[:1]))
    value = table.query(texts[0], "cifar10", "test_accuracy")
    assert value == pytest.approx(expected[0, "cifar10", "test_accuracy"])
    assert "test_accuracy_12_epochs" not in table.columns()["cifar10"]


def test_conversion_keeps_everything(
    records: Any, texts: Any, expected: Values, shared_data: Path, tmp_path: Path
) -> None:
    folder = write_nats_folder(tmp_path / "nats", records, texts)
    target = tmp_path / "compact" / "nb201.npz"
    target.parent.mkdir()
    convert(folder, target)
    check(open_nb201(target.parent), expected, shared_data)
    assert [path.name for path in target.parent.iterdir()] == ["nb201.npz"]
    beside = target.parent / "beside"
    beside.touch()
    assert target.stat().st_mode == beside.stat().st_mode
    assert read_compact(target).columns()["imagenet16"]


def test_conversion_of_the_compact_file_is_the_identity(shared_data: Path, tmp_path: Path) -> None:
    convert(shared_data / "nb201.npz", tmp_path / "nb201.npz")
    old, new = np.load(shared_data / "nb201.npz"), np.load(tmp_path / "nb201.npz")
    for name in set(old.files) - {"flops_m_cifar10", "params_m_cifar10"}:
        np.testing.assert_array_equal(new[name], old[name])


def test_a_failed_conversion_leaves_the_old_file(
    shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "nb201.npz"
    target.write_bytes(b"old")

    def full(file: Any, **_: Any) -> None:
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writing.np, "savez_compressed", full)
    with pytest.raises(TableError, match=r"No space left.*nothing was changed"):
        convert(shared_data / "nb201.npz", target)
    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["nb201.npz"]


def test_conversion_refuses_a_wrong_target(shared_data: Path, tmp_path: Path) -> None:
    convert(shared_data / "nb201.npz", tmp_path / "made" / "nb201.npz")
    with pytest.raises(TableError, match="cannot write"):
        convert(shared_data / "nb201.npz", tmp_path / "made" / "nb201.npz" / "nb201.npz")
    with pytest.raises(TableError, match=r"the compact table is a \.npz file, got \S+nb201\.csv"):
        convert(shared_data / "nb201.npz", tmp_path / "nb201.csv")


# -------------------------------------------------------------------- damaged and hostile files


def test_truncated_official_files(records: Any, texts: Any, tmp_path: Path) -> None:
    folder = write_nats_folder(tmp_path / "nats", {0: records[0]}, texts[:1])
    pth = write_pth(tmp_path / "a.pth", pth_content({0: records[0]}, texts[:1]), legacy=False)
    old = write_pth(tmp_path / "b.pth", pth_content({0: records[0]}, texts[:1]), legacy=True)
    for path in (folder / "000000.pickle.pbz2", folder / "meta.pickle.pbz2", pth, old):
        whole = path.read_bytes()
        for length in (0, 10, len(whole) // 2):
            path.write_bytes(whole[:length])
            with pytest.raises(TableError, match=path.name):
                open_source(folder if path.parent == folder else path)
        path.write_bytes(whole)


def test_hostile_official_files_do_not_run(records: Any, texts: Any, tmp_path: Path) -> None:
    marker = tmp_path / "it-ran"
    folder = write_nats_folder(tmp_path / "nats", {0: records[0]}, texts[:1])
    write_pbz2(folder / "000000.pickle.pbz2", {"200": RunsCode(marker)})
    write_pbz2(tmp_path / "meta.pickle.pbz2", {"meta_archs": RunsCode(marker)})
    content = {**pth_content({0: records[0]}, texts[:1]), "extra": RunsCode(marker)}
    pth = write_pth(tmp_path / "a.pth", content, legacy=False)
    old = write_pth(tmp_path / "b.pth", content, legacy=True)
    for source in (folder, tmp_path, pth, old):
        with pytest.raises(TableError, match=r"wants to load \S+, which no such file needs"):
            open_source(source)
    assert not marker.exists()


def test_records_of_another_layout(records: Any, texts: Any, tmp_path: Path) -> None:
    other = write_nats_folder(tmp_path / "other", {0: records[11]}, texts[:1])
    with pytest.raises(TableError, match="in its record"):
        open_source(other)
    wrong = write_nats_folder(tmp_path / "wrong", {0: {"200": {"arch_str": texts[0]}}}, texts[:1])
    with pytest.raises(TableError, match=r"layout of NAS-Bench-201.*dataset_seed"):
        open_source(wrong)
    with pytest.raises(TableError, match="record of no cell"):
        open_source(write_nats_folder(tmp_path / "empty", {}, texts[:1]))
    pth = write_pth(tmp_path / "a.pth", {"state_dict": {}}, legacy=False)
    with pytest.raises(TableError, match="meta_archs"):
        open_source(pth)
    with zipfile.ZipFile(pth, "w") as archive:
        archive.writestr("notes.txt", "not by torch")
    with pytest.raises(TableError, match=r"not one written by torch\.save"):
        open_source(pth)


# -------------------------------------------------------------------------- where it is looked


def test_what_is_absent_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TableAbsentError, match=r"expected nb201\.npz.*Download"):
        open_nb201(tmp_path)
    with pytest.raises(TableAbsentError, match="Download"):
        open_nb201(tmp_path / "nowhere")
    with pytest.raises(TableAbsentError, match="there is no"):
        convert(tmp_path / "nowhere", tmp_path / "nb201.npz")
    other = tmp_path / "notes.txt"
    other.write_text("")
    with pytest.raises(TableError, match="no form of NAS-Bench-201"):
        open_nb201(other)
    monkeypatch.setattr(nb201, "package_folder", lambda: None)
    with pytest.raises(TableAbsentError, match=r"Download.*naslib-proxydata\[demo\]"):
        open_nb201(None)


def test_an_unreadable_file(tmp_path: Path) -> None:
    for name in ("nb201.npz", "NAS-Bench-201-v1_1.pth"):
        (tmp_path / name).mkdir()  # opening a folder fails for root too
        with pytest.raises(TableError, match=name):
            open_source(tmp_path / name)


def test_every_published_column_has_its_own_name() -> None:
    assert len({one.column for one in MEASUREMENTS}) == len(MEASUREMENTS) == 12
    assert len({one.compact for one in MEASUREMENTS}) == 12


# ------------------------------------------------------------------ several files, other archives


def test_the_newer_release_is_read(
    records: Any, texts: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """v1_0 has no trainings of 12 epochs on all datasets; by name it comes first."""
    one = {0: records[0]}
    old = {0: {"12": records[0]["12"], "200": {**records[0]["200"], "dataset_seed": {}}}}
    write_pth(tmp_path / "NAS-Bench-201-v1_0-e61699.pth", pth_content(old, texts[:1]), False)
    write_pth(tmp_path / "NAS-Bench-201-v1_1-096897.pth", pth_content(one, texts[:1]), False)
    with caplog.at_level(logging.INFO):
        table = open_nb201(tmp_path)
    assert table.source.endswith("v1_1-096897.pth")
    assert "v1_1-096897.pth is read, not" in caplog.text
    assert table.values("cifar10", "test_accuracy")[0] > 0


def test_two_files_of_one_release_are_named(tmp_path: Path, shared_data: Path) -> None:
    for name in ("NAS-Bench-201-v1_1-096897.pth", "NAS-Bench-201-v1_1-copy.pth"):
        (tmp_path / name).touch()
    with pytest.raises(TableError, match=r"v1_1-096897\.pth and \S+v1_1-copy\.pth are of one"):
        open_nb201(tmp_path)
    (tmp_path / "nb201.npz").write_bytes((shared_data / "nb201.npz").read_bytes())
    assert open_nb201(tmp_path).source.endswith("nb201.npz")


def test_the_one_file_of_nats_bench(
    records: Any, texts: Any, expected: Values, shared_data: Path, tmp_path: Path
) -> None:
    content = {"meta_archs": texts, "arch2infos": dict(records), "evaluated_indexes": set(records)}
    write_pbz2(tmp_path / "NATS-tss-v1_0-3ffb9.pickle.pbz2", content)
    check(open_nb201(tmp_path), expected, shared_data)


def test_the_archive_with_weights_is_told(records: Any, texts: Any, tmp_path: Path) -> None:
    """In the full archive ``net_state_dict`` holds tensors, pickled as they are."""
    record = {**records[0], "200": {**records[0]["200"]}}
    record["200"]["all_results"] = {
        key: {**trial, "net_state_dict": {"stem.0.weight": torch.zeros(2)}}
        for key, trial in record["200"]["all_results"].items()
    }
    full = write_nats_folder(tmp_path / "NATS-tss-v1_0-3ffb9-full", {0: record}, texts[:1])
    for place in (tmp_path, full):
        with pytest.raises(TableError, match=r"000000.*trained weights.*3ffb9-simple\.tar"):
            open_nb201(place)
    simple = tmp_path / "NATS-tss-v1_0-3ffb9-simple"
    write_nats_folder(simple, {0: records[0]}, texts[:1])
    assert open_nb201(tmp_path).source == str(simple)


@pytest.mark.parametrize("legacy", [False, True])
def test_one_network_with_its_weights_is_told(
    legacy: bool, records: Any, texts: Any, tmp_path: Path
) -> None:
    """A file of NAS-BENCH-201-4-v1.0-archive.tar."""
    trial = {"net_state_dict": {"stem.0.weight": torch.zeros(2)}}
    content = {"full": {**records[0]["200"], "all_results": {("cifar10", 777): trial}}}
    path = write_pth(tmp_path / "000000-FULL.pth", content, legacy)
    with pytest.raises(TableError, match=r"000000-FULL\.pth holds trained weights.*simple\.tar"):
        open_source(path)


def test_an_archive_whose_unpacking_was_cut_off(
    records: Any, texts: Any, expected: Values, tmp_path: Path
) -> None:
    folder = write_nats_folder(tmp_path / "NATS-tss-v1_0-3ffb9-simple", {0: records[0]}, texts[:1])
    (folder / "meta.pickle.pbz2").unlink()
    for place in (tmp_path, folder):
        with pytest.raises(TableError, match=r"holds records but no meta.*unpack the"):
            open_nb201(place)
    whole = write_pth(tmp_path / "NAS-Bench-201-v1_1.pth", pth_content(records, texts), False)
    assert open_nb201(tmp_path).source == str(whole)


def test_a_seed_twice_is_refused(records: Any, texts: Any, tmp_path: Path) -> None:
    record = copy.deepcopy(records[0])
    record["200"]["dataset_seed"]["cifar10-valid"] = [777, 777]
    folder = write_nats_folder(tmp_path / "nats", {0: record}, texts[:1])
    with pytest.raises(TableError, match=r"cell 0, cifar10-valid: a seed occurs twice"):
        open_source(folder)


def test_the_size_space_is_told_by_its_list(tmp_path: Path) -> None:
    said = r"NATS-sss-v1_0-50262.*size search space.*'64:64:64:64:64'.*tss"
    write_nats_folder(tmp_path / "NATS-sss-v1_0-50262-simple", {}, ["64:64:64:64:64"])
    with pytest.raises(TableError, match=said):
        open_nb201(tmp_path)
    renamed = write_nats_folder(tmp_path / "mine", {}, ["8:8:8:8:64"])
    with pytest.raises(TableError, match="mine is of NATS-Bench's size search space"):
        open_nb201(renamed)
    one = tmp_path / "NATS-sss-v1_0-50262.pickle.pbz2"
    write_pbz2(one, {"meta_archs": ["64:64:64:64:64"], "arch2infos": {}})
    with pytest.raises(TableError, match=said):
        open_nb201(one)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("NATS-tss-v1_0-3ffb9-simple.tar", r"tar xf NATS-tss-v1_0-3ffb9-simple\.tar'"),
        ("NATS-tss-v1_0-3ffb9-simple.tar.gz", r"tar xf NATS-tss-v1_0-3ffb9-simple\.tar\.gz'"),
        ("NATS-tss-v1_0-3ffb9-full.taraa", r"trained weights; unpack \S+-3ffb9-simple\.tar"),
        ("NATS-sss-v1_0-50262-simple.tar", r"size search space.*unpack NATS-tss\S+-simple\.tar"),
    ],
)
def test_a_packed_archive_is_to_be_unpacked(name: str, said: str, tmp_path: Path) -> None:
    packed = tmp_path / name
    packed.touch()
    for place in (tmp_path, packed):
        with pytest.raises(TableError, match=said):
            open_nb201(place)


def test_an_archive_in_a_folder_of_its_name(records: Any, texts: Any, tmp_path: Path) -> None:
    outer = tmp_path / "NATS-tss-v1_0-3ffb9-simple"
    outer.mkdir()
    inner = write_nats_folder(outer / outer.name, {0: records[0]}, texts[:1])
    assert open_nb201(tmp_path).source == str(inner)


# ------------------------------------------------------------------- values that cannot be right


@pytest.mark.parametrize("wrong", [[80.0, 90.0], 8198.0, -1.0, "81", None, True])
def test_an_accuracy_that_is_none_is_refused(
    wrong: Any, records: Any, texts: Any, tmp_path: Path
) -> None:
    record = copy.deepcopy(records[0])
    record["200"]["all_results"]["cifar10", 888]["eval_acc1es"]["ori-test@199"] = wrong
    folder = write_nats_folder(tmp_path / "nats", {0: record}, texts[:1])
    with pytest.raises(TableError, match=r"nats, cell 0, cifar10, ori-test: expected one accuracy"):
        open_source(folder)


def test_a_trial_of_another_length_is_refused(records: Any, texts: Any, tmp_path: Path) -> None:
    swapped = {0: {"12": records[0]["200"], "200": records[0]["12"]}}
    folder = write_nats_folder(tmp_path / "nats", swapped, texts[:1])
    with pytest.raises(TableError, match=r"cell 0.*a trial of 12 epochs among those of 200"):
        open_source(folder)


def test_an_unknown_length_and_a_cell_out_of_the_list(
    records: Any, texts: Any, tmp_path: Path
) -> None:
    content = pth_content({0: records[0]}, texts[:1])
    content["arch2infos"][0]["more"] = records[0]["200"]
    path = write_pth(tmp_path / "a.pth", content, legacy=False)
    with pytest.raises(TableError, match=r"a\.pth is not of the layout.*more"):
        open_source(path)
    path = write_pth(tmp_path / "b.pth", pth_content({5: records[0]}, texts[:1]), legacy=False)
    with pytest.raises(TableError, match=r"b\.pth is not of the layout.*records of other cells"):
        open_source(path)


def test_every_training_of_official_files_is_kept_and_converted(
    records: Any, texts: Any, tmp_path: Path
) -> None:
    table = open_source(write_nats_folder(tmp_path / "NATS-tss-v1_0-3ffb9-simple", records, texts))
    converted = convert(tmp_path / "NATS-tss-v1_0-3ffb9-simple", tmp_path / "nb201.npz")
    for one in (table, converted):
        trials = one.trials("cifar10", "validation_accuracy")
        assert trials.shape == (15_625, 3)
        # Cell 0, seeds 777, 888 and 999, as in its record.
        np.testing.assert_allclose(trials[0], [82.092, 81.616, 82.24], atol=5e-4)
        assert np.isnan(trials[1]).all()
        for dataset, metrics in one.columns().items():
            for metric in metrics:
                values, trials = one.values(dataset, metric), one.trials(dataset, metric)
                np.testing.assert_allclose(
                    np.nanmean(trials[[0, 11, 284]], 1), values[[0, 11, 284]]
                )


def test_trainings_that_are_not_those_of_the_column_are_refused(
    shared_data: Path, tmp_path: Path
) -> None:
    with np.load(shared_data / "nb201.npz") as file:
        arrays = {name: file[name] for name in ("arch_str", "cifar10_valid_200")}
    mean = arrays["cifar10_valid_200"]
    for trials in (mean, np.stack([mean, mean - 1], 1), mean[:-1, None], mean[:, None].astype(int)):
        np.savez(tmp_path / "nb201.npz", **arrays, cifar10_valid_200_trials=trials)
        with pytest.raises(TableError, match="'cifar10_valid_200_trials' must hold the trainings"):
            open_source(tmp_path / "nb201.npz")
    np.savez(tmp_path / "nb201.npz", **arrays, cifar10_valid_200_trials=np.stack([mean] * 2, 1))
    assert (
        open_source(tmp_path / "nb201.npz").trials("cifar10", "validation_accuracy").shape[1] == 2
    )
