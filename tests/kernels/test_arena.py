"""Memory in pieces, against a list of what is handed out."""

from __future__ import annotations

import gc

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from naslib_proxydata.kernels import arena as arenas
from naslib_proxydata.kernels.arena import Arena


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arenas, "CHUNK", 1024)


def test_a_piece_begins_with_a_line_of_the_cache_and_is_as_large_as_asked() -> None:
    arena = Arena()
    for size in (1, 15, 16, 17, 100):
        piece = arena.take(size)
        assert piece.shape == (size,)
        assert piece.dtype == torch.float32
        assert piece.data_ptr() % 64 == 0


def test_the_smallest_gap_that_fits_is_taken() -> None:
    arena = Arena()
    pieces = [arena.take(size) for size in (64, 16, 32, 16, 128, 16)]
    places = [piece.data_ptr() for piece in pieces]
    del pieces[4], pieces[2], pieces[0]  # gaps of 128, 32, 64
    assert arena.take(32).data_ptr() == places[2]
    taken = arena.take(48)
    assert taken.data_ptr() == places[0]
    assert arena.take(100).data_ptr() == places[4]


def test_neighbouring_gaps_become_one() -> None:
    arena = Arena()
    pieces = [arena.take(256) for _ in range(4)]
    place = pieces[1].data_ptr()
    first, second, third, fourth = pieces
    pieces.clear()
    del second
    del third
    assert arena.take(512).data_ptr() == place
    assert arena.used == 512
    del first, fourth


def test_more_is_asked_for_where_nothing_fits_and_given_back_when_unused() -> None:
    arena = Arena()
    large = arena.take(5000)
    assert large.shape == (5000,)
    other = arena.take(1000)
    del large
    again = arena.take(6000)  # the chunk of 5000 is let go of
    assert arena.used == 1000 + 6000 + 8  # in whole lines
    del other, again
    assert arena.used == 0


def test_where_the_system_gives_no_chunk_memory_is_torchs(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise MemoryError

    arena = Arena()
    monkeypatch.setattr(arenas, "_Chunk", refused)
    assert arena.take(100).shape == (100,)
    assert arena.used == 0


def test_a_piece_outlives_its_arena() -> None:
    arena = Arena()
    piece = arena.take(100).fill_(3)
    del arena
    gc.collect()
    assert bool((piece == 3).all())


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.integers(1, 600), st.integers(0, 20)), max_size=60))
def test_no_two_pieces_overlap(steps: list[tuple[int, int]]) -> None:
    arena = Arena()
    held: list[tuple[int, torch.Tensor]] = []
    for number, (size, dropped) in enumerate(steps):
        held.append((number, arena.take(size).fill_(number)))
        if dropped < len(held):
            del held[dropped]
        assert all(bool((piece == value).all()) for value, piece in held)
    assert arena.used == sum(-(-len(piece) // 16) * 16 for _, piece in held)
