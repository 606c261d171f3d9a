"""The cache's files: used where they are whole and nobody else's, else computed anew."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from naslib_proxydata.cached import read_cached, write_cached
from tests.damage import damaged, many_copies, refused

VALUES = np.arange(30.0)


def decode(file):
    with np.load(file, allow_pickle=False) as archive:
        return archive["array"]


def read(path):
    return read_cached(path, decode, "it is computed anew")


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "kept.npz"
    write_cached(path, lambda file: np.savez(file, array=VALUES))
    return path


def test_what_was_written_is_read(path, caplog):
    np.testing.assert_array_equal(read(path), VALUES)
    assert not caplog.records


@pytest.mark.parametrize("place", ["absent", "absent/absent"])
def test_what_is_not_there_is_no_news(tmp_path, caplog, place):
    assert read(tmp_path / place) is None
    assert not caplog.records


@many_copies
@given(data=st.data())
def test_a_damaged_file_counts_as_absent(tmp_path_factory, data):
    place = tmp_path_factory.mktemp("kept") / "kept.npz"
    write_cached(place, lambda file: np.savez(file, array=VALUES))
    whole = place.read_bytes()
    copy = data.draw(damaged(whole))
    place.write_bytes(copy)
    value = refused(lambda: read(place), "kept arrays")
    if value is None:
        assert copy != whole
    else:  # whole, or but for its digest, as an earlier version wrote it
        np.testing.assert_array_equal(value, VALUES)


def test_a_damaged_file_is_named_with_what_is_done(path, caplog):
    path.write_bytes(path.read_bytes()[:-1])
    assert read(path) is None
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert str(path) in record.message
    assert record.message.endswith("it is computed anew")


def test_a_file_of_an_earlier_version_is_read(path, caplog):
    stream = io.BytesIO()
    np.savez(stream, array=VALUES)
    path.write_bytes(stream.getvalue())
    np.testing.assert_array_equal(read(path), VALUES)
    path.write_bytes(stream.getvalue()[:-30])
    assert read(path) is None
    assert str(path) in caplog.text


def test_a_file_that_others_could_have_written_is_not_read(path, caplog):
    path.chmod(0o666)
    assert read(path) is None
    assert "can be written by others" in caplog.text
    assert caplog.text.strip().endswith("it is computed anew")


def test_what_the_content_does_not_bear_out_is_damage(path, caplog):
    assert read_cached(path, lambda _: {}["absent"], "it is computed anew") is None
    assert f"{path} is damaged (KeyError" in caplog.text
