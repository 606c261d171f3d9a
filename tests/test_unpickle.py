"""Pickles of strangers."""

from __future__ import annotations

import contextlib
import io
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naslib_proxydata.errors import TableError
from naslib_proxydata.unpickle import unpickle
from tests.tables.nb201_files import RunsCode

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=8,
)


def read(content: bytes) -> Any:
    return unpickle(io.BytesIO(content), "the file")


@settings(max_examples=30)
@given(plain, st.integers(0, pickle.HIGHEST_PROTOCOL))
def test_plain_data_is_read_back(value: Any, protocol: int) -> None:
    assert read(pickle.dumps(value, protocol)) == value


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize(
    "value",
    [
        OrderedDict(a={1, 2}),
        np.float64(1.5),
        np.float32(-2.25),
        np.int64(-7),
        np.uint8(200),
        np.bool_(True),
    ],
)
def test_containers_and_numpy_numbers_are_read_back(value: Any, protocol: int) -> None:
    assert read(pickle.dumps(value, protocol)) == value


def test_a_foreign_byte_order_is_heeded() -> None:
    # As a big-endian machine writes it: another letter, and the bytes the other way round.
    number = np.array(3.0, "<f8").tobytes()
    content = pickle.dumps(np.float64(3.0), 4).replace(b"=", b"<")
    assert b"<" in content
    assert number in content
    assert read(content.replace(b"<", b">").replace(number, number[::-1])) == 3.0


def test_code_is_refused_by_name_and_does_not_run(tmp_path: Path) -> None:
    marker = tmp_path / "it-ran"
    content = pickle.dumps({"fine": 1, "hostile": RunsCode(marker)})
    with pytest.raises(TableError, match=r"wants to load (builtins\.getattr|pathlib\S*)"):
        read(content)
    assert not marker.exists()
    pickle.loads(content)  # the proof that it would have run
    assert marker.exists()


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"cos\nsystem\n(S'true'\ntR.", "os.system"),
        (b"cbuiltins\neval\n(S'1'\ntR.", "builtins.eval"),
        (b"\x80\x04\x8c\x08builtins\x8c\x07getattr\x93.", "builtins.getattr"),
        (b"\x80\x04\x8c\x0bcollections\x8c\x14OrderedDict.__init__\x93.", "OrderedDict.__init__"),
    ],
)
def test_handwritten_pickles_are_refused(content: bytes, named: str) -> None:
    with pytest.raises(TableError, match=named):
        read(content)


def test_numpy_objects_are_refused() -> None:
    with pytest.raises(TableError, match="not a number"):
        read(pickle.dumps(np.dtype(object)))
    with pytest.raises(TableError, match="wants to load"):
        read(pickle.dumps(np.array([1, "a"], dtype=object)))


def test_every_truncation_is_an_error() -> None:
    content = pickle.dumps({"meta_archs": ["a", "b"], "seen": {1, 2}, "x": np.float64(2)})
    for length in range(len(content)):
        with pytest.raises(TableError, match="the file"):
            read(content[:length])


@given(st.binary(max_size=60))
def test_noise_never_raises_anything_else(content: bytes) -> None:
    with contextlib.suppress(TableError):
        read(content)
