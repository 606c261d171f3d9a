"""Files that begin with the sha256 of the rest."""

from __future__ import annotations

import hashlib
import io

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from naslib_proxydata.errors import SelectionError
from naslib_proxydata.sealed import is_whole, read_sealed, write_sealed
from tests.damage import damaged, many_copies

CONTENT = bytes(range(256)) * 5


def test_the_digest_stands_before_what_was_written(tmp_path):
    path = tmp_path / "file"
    write_sealed(path, lambda stream: [stream.write(CONTENT[:100]), stream.write(CONTENT[100:])])
    assert path.read_bytes() == hashlib.sha256(CONTENT).digest() + CONTENT
    assert read_sealed(path) == CONTENT


@pytest.mark.parametrize(
    ("write", "read"),
    [
        (lambda stream: np.save(stream, np.arange(5)), np.load),
        (lambda stream: np.savez(stream, array=np.arange(5)), lambda f: np.load(f)["array"]),
        (
            lambda stream: np.savez_compressed(stream, array=np.arange(5)),
            lambda f: np.load(f)["array"],
        ),
        (lambda stream: torch.save(torch.arange(5), stream), torch.load),
    ],
)
def test_arrays_and_tensors_are_written_as_a_stream(tmp_path, write, read):
    write_sealed(tmp_path / "file", write)
    content = read_sealed(tmp_path / "file")
    assert list(read(io.BytesIO(content))) == [0, 1, 2, 3, 4]


@many_copies
@given(data=st.data())
def test_no_other_bytes_pass(data):
    whole = hashlib.sha256(CONTENT).digest() + CONTENT
    copy = data.draw(damaged(whole))
    assert is_whole(io.BytesIO(copy)) == (copy == whole)


def test_a_failed_write_leaves_what_was_there(tmp_path):
    path = tmp_path / "file"
    write_sealed(path, lambda stream: stream.write(CONTENT))

    def fail(stream):
        stream.write(b"half")
        raise OSError(28, "No space left on device")

    with pytest.raises(SelectionError, match="No space left"):
        write_sealed(path, fail, error=SelectionError)
    assert read_sealed(path) == CONTENT
    assert [one.name for one in tmp_path.iterdir()] == ["file"]
