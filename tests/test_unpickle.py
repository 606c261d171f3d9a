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

from naslib_proxydata.errors import DatasetError, TableError
from naslib_proxydata.pickle_limits import DEEPEST, PickleLimitError, bounded_pickle
from naslib_proxydata.unpickle import ARRAYS, PLAIN, unpickle
from tests.tables.nb201_files import RunsCode

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=8,
)


def read(content: bytes) -> Any:
    return unpickle(io.BytesIO(content), "the file")


def read_array(content: bytes, encoding: str = "ASCII") -> Any:
    stream = io.BytesIO(content)
    return unpickle(stream, "the file", ARRAYS, error=DatasetError, encoding=encoding)


PYTHON_2_ARRAY = (
    b"\x80\x02cnumpy.core.multiarray\n_reconstruct\nq\x01cnumpy\nndarray\nq\x02K\x00\x85q\x03U\x01b"
    b"q\x04\x87q\x05Rq\x06(K\x01K\x02K\x03\x86q\x07cnumpy\ndtype\nq\x08U\x02u2q\tK\x00K\x01\x87q\nRq\x0b(K\x03"
    b"U\x01<q\x0cNNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tq\rb\x89U\x0c\x00\x01\x01\x01\x02\x01\x03\x01\x04\x01\x05\x01"
    b"q\x0etq\x0fb."
)
"""[[256, 257, 258], [259, 260, 261]] as Python 2 writes a little-endian array of uint16."""


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


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=np.uint8).reshape(2, 3),
        np.asfortranarray(np.arange(6.0).reshape(3, 2)),
        np.array([-1, 2**40], ">i8"),
        np.array([True, False]),
        np.zeros((1, 3), np.float32),
    ],
)
def test_arrays_of_numbers_are_read_back(array: Any, protocol: int) -> None:
    found = np.asarray(read_array(pickle.dumps({"a": array, "b": array}, protocol))["b"])
    np.testing.assert_array_equal(found, array)
    assert found.dtype == array.dtype.newbyteorder("=")


def test_arrays_of_python_2_are_read() -> None:
    for encoding in ("bytes", "latin1"):
        found = np.asarray(read_array(PYTHON_2_ARRAY, encoding))
        assert found.tolist() == [[256, 257, 258], [259, 260, 261]]
        assert found.dtype == np.uint16


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b"U\x02u2", b"U\x02O8", "type 'O8', not a number"),
        (b"U\x02u2", b"U\x02V2", "type 'V2', not a number"),
        (b"U\x02u2", b"U\x02i3", "type 'i3', not a number"),
        (b"\xffK\x00tq\r", b"\xffK\x3ftq\r", "no number's: its state is"),
        (b"NNNJ", b"NN)J", "no number's: its state is"),
        (b"U\x01<", b"U\x01x", "byte order 'x'"),
        (b"K\x02K\x03\x86", b"K\x02K\x04\x86", r"shape \(2, 4\) with 6 numbers"),
        (b"K\x02K\x03\x86", b"K\x02J\xfd\xff\xff\xff\x86", r"shape \(2, -3\), which is none"),
        (b"K\x02K\x03\x86", b"K\x02K\x03K\x01\x87", "expected one or two sizes"),
        (b"\x89U\x0c", b"\x89NU\x0c", "without shape, type and bytes"),
    ],
)
def test_arrays_that_do_not_fit_their_bytes_are_refused(
    old: bytes, new: bytes, message: str
) -> None:
    assert old in PYTHON_2_ARRAY
    with pytest.raises(DatasetError, match=message) as told:
        read_array(PYTHON_2_ARRAY.replace(old, new), "bytes")
    assert "\n" not in str(told.value)


def test_bytes_never_become_object_pointers() -> None:
    """An object type whose flags deny that it is one made numpy follow the file's addresses."""
    kind = b"cnumpy\ndtype\n(S'O8'\nI0\nI1\ntR(I3\nS'|'\nNNNI-1\nI-1\nI0\ntb"
    array = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR"
    with pytest.raises(DatasetError, match="type 'O8', not a number"):
        read_array(array + b"(I1\n(I1\nt" + kind + b"I00\nS'" + b"A" * 8 + b"'\ntb.")


class Made:
    """A class that a reader allows, as that of AnalogNAS is."""


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("collections", "OrderedDict"),
        ("builtins", "set"),
        ("_codecs", "encode"),
        ("numpy", "dtype"),
        ("numpy", "ndarray"),
        ("numpy._core.multiarray", "_reconstruct"),
        ("numpy.core.multiarray", "scalar"),
        ("mine", "Made"),
    ],
)
def test_no_attribute_of_what_is_allowed_is_set(module: str, name: str) -> None:
    allowed = {**ARRAYS, ("mine", "Made"): Made}
    for state in (b"}X\x04\x00\x00\x00evilK\x01s", b"N}X\x04\x00\x00\x00evilK\x01s\x86"):
        content = b"\x80\x02c%s\n%s\n%sb." % (module.encode(), name.encode(), state)
        with pytest.raises(TableError, match="sets attributes of"):
            unpickle(io.BytesIO(content), "the file", allowed)
    assert not hasattr(Made, "evil")


def test_allowed_classes_are_made_and_filled() -> None:
    made = Made()
    made.value = 3  # type: ignore[attr-defined]
    content = pickle.dumps(made, 2).replace(b"tests.test_unpickle", b"mine")
    found = unpickle(io.BytesIO(content), "the file", {("mine", "Made"): Made})
    assert isinstance(found, Made)
    assert found.value == 3  # type: ignore[attr-defined]


def test_attributes_of_an_ordered_dictionary_are_left_out() -> None:
    state = OrderedDict(weight=1)
    state._metadata = "as torch sets it"  # type: ignore[attr-defined]
    found = read(pickle.dumps(state))
    assert (found, vars(found)) == (state, {})


@pytest.mark.parametrize(
    "content",
    [
        b"\x80\x02]r\xff\xff\xff\x7f.",  # LONG_BINPUT, which reserves 32 GiB
        b"]p2147483647\n.",
        b"]p-1\n.",
        b"\x80\x02]r\x00\x01\x00\x00.",
    ],
)
def test_a_memo_beyond_the_bytes_is_refused(content: bytes) -> None:
    with pytest.raises(TableError, match="it numbers an object"):
        read(content)


def test_two_ways_to_number_are_not_mixed() -> None:
    """Else a tuple could be remembered under a number at which its depth is not known."""
    deep = b"\x80\x04)q\x00q\x00\x94" + b"0h\x01\x85\x94" * 1000 + b"."
    with pytest.raises(TableError, match="numbers some objects itself"):
        read(deep)


def test_names_in_messages_are_short_and_plain() -> None:
    name = "evil\x1b[2J\n" * 100
    content = b"\x80\x04\x8c\x02osX" + len(name).to_bytes(4, "little") + name.encode() + b"\x93."
    with pytest.raises(TableError, match=r"load os\.evil\\x1b\[2J\\nevil") as told:
        read(content)
    assert str(told.value).isprintable()
    assert len(str(told.value)) < 600


def nested(opening: bytes, closing: bytes, depth: int) -> bytes:
    return b"\x80\x04" + opening * depth + closing * depth + b"."


@pytest.mark.parametrize(
    "content",
    [
        b"\x80\x02})" + b"\x85" * 3_000_000 + b"K\x01s.",  # its hash would overrun the stack
        b"\x80\x04)" + b"K\x01\x86" * 1000 + b".",
        b"\x80\x04)q\x00" + b"0h\x00\x85q\x00" * 1000 + b".",
        nested(b"(", b"t", 1000),
        nested(b"(", b"l", 1000),
        nested(b"]", b"a", 1000).replace(b"]a", b"]", 1),
        b"\x80\x04" + b"}K\x01" * 1000 + b"}" + b"s" * 1000 + b".",
    ],
)
def test_what_is_nested_too_deep_is_refused(content: bytes) -> None:
    with pytest.raises(TableError, match="nests containers deeper than"):
        read(content)


@pytest.mark.parametrize(
    "content",
    [
        b"\x80\x02})" + b"2\x86" * 50 + b"K\x01s.",  # one hash of 2^50 steps
        b"\x80\x02})" + b"q\x00h\x00\x86" * 50 + b"K\x01s.",
        b"\x80\x04\x8f()" + b"2\x86" * 50 + b"\x90.",
        b"\x80\x02})" + b"2\x86" * 15 + b"q\x000" + b"h\x00K\x01s" * 5000 + b".",  # 5000 of 2^15
    ],
)
def test_tuples_that_are_named_too_often_are_refused(content: bytes) -> None:
    with pytest.raises(TableError, match="names the same tuples too often"):
        read(content)


@pytest.mark.parametrize(
    "content",
    [
        pickle.dumps("a" * 100_000, 2)[:-1]
        + b"X\x06\x00\x00\x00latin1q\x01c_codecs\nencode\nq\x02"
        + b"h\x02h\x00h\x01\x86R" * 1000,
        pickle.dumps([*range(50_000)], 2)[:-1]
        + b"c__builtin__\nset\nq\x02"
        + b"h\x02h\x00\x85R" * 1000,
    ],
    ids=["text", "list"],
)
def test_what_is_copied_too_often_is_refused(content: bytes) -> None:
    with pytest.raises(TableError, match="gives the same texts or lists to calls too often"):
        read(content + b".")


def test_tuples_that_honest_files_share_are_read() -> None:
    shared = (("cifar10", 777), (1, 2))
    values = [(shared, number) for number in range(20_000)]
    assert read(pickle.dumps({"runs": values, shared: 1}, 4)) == {"runs": values, shared: 1}


def test_what_is_long_or_wide_is_not_deep() -> None:
    pairs = {(number, str(number)): [(number,)] for number in range(5000)}
    assert read(pickle.dumps(pairs, 4)) == pairs
    deep: list[Any] = []
    for _ in range(DEEPEST - 2):
        deep = [deep]
    assert read(pickle.dumps(deep, 4)) == deep


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_stream_is_left_behind_its_pickle(protocol: int) -> None:
    values = [1, "a" * 70_000, {"b": (2.5, None, b"c" * 300)}]
    stream = io.BytesIO(b"".join(pickle.dumps(value, protocol) for value in values) + b"rest")
    for value in values:
        assert unpickle(stream, "the file") == value
    assert stream.read() == b"rest"


def test_an_instruction_that_is_none_is_told() -> None:
    with pytest.raises(PickleLimitError, match="unknown instruction"):
        bounded_pickle(io.BytesIO(b"\x80\x02\xff."))
    assert ("numpy", "ndarray") not in PLAIN
