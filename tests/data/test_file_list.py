from __future__ import annotations

import os
import tracemalloc
from pathlib import Path

import pytest

from naslib_proxydata.data.file_list import FileList


def test_paths_come_back_in_the_order_in_which_they_were_added() -> None:
    files = FileList()
    files.add("a/b", ["1.png", "ünï.png"])
    files.add("c", [])
    files.add("d", ["", "2.png"])
    expected = [os.path.join(*parts) for parts in (("a/b", "1.png"), ("a/b", "ünï.png"))]
    assert [files[i] for i in range(4)] == [*expected, "d/", "d/2.png"]
    assert list(files) == [files[i] for i in range(len(files))]  # by IndexError
    with pytest.raises(IndexError, match="file 4 of 4"):
        files[4]


def test_names_that_are_no_utf_8_lead_to_their_files(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.png")
    try:
        (tmp_path / name).write_bytes(b"x")
    except OSError:
        pytest.skip("this file system takes UTF-8 only")
    files = FileList()
    files.add(str(tmp_path), [name])
    assert Path(files[0]).read_bytes() == b"x"


def test_a_hundred_thousand_names_take_little_more_than_their_letters() -> None:
    """14 million such names then take 0.6 GB; as ``Path`` objects they took above 4 GiB."""
    tracemalloc.start()
    files = FileList()
    for folder in range(100):
        names = [f"n{folder:08d}_{number}.JPEG" for number in range(1000, 2000)]
        files.add(f"/data/imagenet/train/n{folder:08d}", names)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(files) == 100_000
    assert files[99_999] == "/data/imagenet/train/n00000099/n00000099_1999.JPEG"
    assert files.nbytes == 100_000 * (len("n00000000_1000.JPEG") + 12)
    assert held < 45 * 100_000
