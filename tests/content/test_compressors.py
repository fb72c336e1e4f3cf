"""Every compressor gives the page back, refuses what does not fit, and says what is wrong.

Also tests `mm/crypto.py`.
"""

import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from zbudlab.content import compressors, corpus
from zbudlab.layout import CHUNK_SIZE, PAGE_SIZE, ZBUD_MAX_SIZE

DATA = Path(__file__).parents[1] / "data"
BUILT_IN = ["lz4", "lzo", "zstd", "deflate", "none"]
ZSWAP_HEADER = 8  # bytes that zswap 6.1 puts in front of the compressed page


class Runs:
    """A user's compressor: (count, byte) pairs."""

    name = "runs"

    def compress(self, page):
        page = np.frombuffer(page, np.uint8)
        starts = np.flatnonzero(np.diff(page, prepend=page[0] ^ 0xFF))
        counts = np.diff(starts, append=len(page))
        if counts.max() > 255:
            return bytes(PAGE_SIZE + 1)
        return np.stack([counts.astype(np.uint8), page[starts]], axis=1).tobytes()

    def decompress(self, data):
        pairs = np.frombuffer(data, np.uint8).reshape(-1, 2)
        return np.repeat(pairs[:, 1], pairs[:, 0]).tobytes()


@pytest.fixture
def registry(monkeypatch):
    """What a test registers is gone after it."""
    monkeypatch.setattr(compressors, "_known", dict(compressors._known))


@pytest.fixture
def no_lzo(monkeypatch):
    monkeypatch.setitem(sys.modules, "lzo", None)


def installed(name):
    if not compressors.available()[name]:
        pytest.skip(f"the library of {name} is not installed")
    return compressors.compressor(name)


def halves():
    return np.stack(
        [
            np.frombuffer(corpus.half_page(x), np.uint8)
            for x in json.loads((DATA / "half_pages.json").read_text())["x"]
        ]
    )


def chunks(lengths):
    """Chunks a page takes in a zbud page, -1 where zbud refuses it."""
    stored = lengths + ZSWAP_HEADER
    refused = (lengths < 0) | (stored > ZBUD_MAX_SIZE)
    return np.where(refused, -1, -(-stored // CHUNK_SIZE))


@pytest.mark.parametrize("recipe", corpus.RECIPES)
@pytest.mark.parametrize("name", BUILT_IN)
def test_every_page_comes_back(name, recipe):
    using = installed(name)
    for page in corpus.pages(recipe, 40, seed=5):
        data = using.compress(page)
        assert isinstance(data, bytes)
        assert using.decompress(data) == page.tobytes()


@pytest.mark.parametrize("name", BUILT_IN)
def test_bytes_views_and_arrays_are_the_same_page(name):
    using, page = installed(name), corpus.pages("text", 1)[0]
    data = using.compress(page.tobytes())
    assert using.compress(page) == using.compress(page.data) == data
    stored = np.frombuffer(data, np.uint8)
    assert using.decompress(stored) == using.decompress(stored.data) == page.tobytes()


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_batch_is_page_after_page(name):
    using, pages = installed(name), corpus.pages("mixed", 200)
    out = np.full((210, PAGE_SIZE), 0xAA, np.uint8)
    lengths = compressors.compress_pages(using, pages, out)
    assert lengths.dtype == np.int32
    for page, length, row in zip(pages, lengths, out, strict=False):
        alone = using.compress(page)
        assert length == (len(alone) if len(alone) <= PAGE_SIZE else -1)
        assert length < 0 or row[:length].tobytes() == alone
    assert (out[200:] == 0xAA).all()


@pytest.mark.parametrize("name", BUILT_IN)
def test_pages_that_just_fit_and_just_do_not_are_the_same_in_a_batch(name):
    using, pages = installed(name), np.repeat(corpus.pages("random", 1), 129, axis=0)
    for some, page in zip(range(PAGE_SIZE - 128, PAGE_SIZE + 1), pages, strict=True):
        page[some:] = 7
    out = np.empty_like(pages)
    alone = [using.compress(page) for page in pages]
    lengths = compressors.compress_pages(using, pages, out, threads=1)
    assert lengths.tolist() == [len(a) if len(a) <= PAGE_SIZE else -1 for a in alone]
    for row, made in zip(out[lengths > 0], (a for a in alone if len(a) <= PAGE_SIZE), strict=True):
        assert row[: len(made)].tobytes() == made


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_batch_comes_back_but_for_what_is_damaged(name):
    using, pages = installed(name), corpus.pages("text", 9)
    made = [using.compress(page) for page in pages]
    made[4] = made[4][: len(made[4]) // 2]
    memory = np.frombuffer(b"-".join(made), np.uint8)
    lengths = np.array([len(each) for each in made])
    starts = np.cumsum(lengths + 1) - lengths - 1
    out, rows = np.zeros((12, PAGE_SIZE), np.uint8), np.arange(3, 12)
    whole = compressors.decompress_pages(using, memory, starts, lengths, out, rows)
    assert whole.tolist() == [i != 4 for i in range(9)]
    assert np.array_equal(out[rows[whole]], pages[whole])
    assert not out[:3].any()


def test_what_lies_outside_of_memory_or_is_longer_than_a_page_is_damaged():
    using, page = compressors.compressor("lz4"), corpus.pages("text", 1)[0]
    made = using.compress(page)
    memory = np.frombuffer(made + bytes(PAGE_SIZE), np.uint8)
    starts = np.array([0, -1, 4, memory.size, 0, 1 << 40])
    lengths = np.array([len(made), 5, memory.size, 1, PAGE_SIZE + 1, 9])
    out, rows = np.zeros((6, PAGE_SIZE), np.uint8), np.arange(6)
    whole = compressors.decompress_pages(using, memory, starts, lengths, out, rows)
    assert whole.tolist() == [True] + [False] * 5
    with pytest.raises(ValueError, match=r"out must be .* at least 7 rows"):
        compressors.decompress_pages(using, memory, starts, lengths, out, rows + 1)


def test_lz4_without_the_c_functions_gives_the_same_bytes():
    called, pages = compressors.compressor("lz4"), corpus.pages("mixed", 60)
    assert (called.c_compress and called.c_decompress) or sys.platform == "win32"
    hidden = compressors.compressor("lz4")
    hidden.c_compress = hidden.c_decompress = 0
    made = [np.zeros_like(pages) for _ in range(2)]
    lengths = [
        compressors.compress_pages(using, pages, out, threads=1)
        for using, out in zip((called, hidden), made, strict=True)
    ]
    assert lengths[0].tolist() == lengths[1].tolist()
    rows = np.flatnonzero(lengths[0] > 0)
    for row in rows:
        assert np.array_equal(made[0][row, : lengths[0][row]], made[1][row, : lengths[0][row]])
    out = np.zeros_like(pages)
    starts, held = rows * PAGE_SIZE, lengths[0][rows].astype(np.int64)
    assert compressors.decompress_pages(hidden, made[0], starts, held, out, rows).all()
    assert np.array_equal(out[rows], pages[rows])


@pytest.mark.parametrize("name", BUILT_IN)
def test_threads_change_nothing(name):
    using, pages = installed(name), corpus.pages("mixed", 517)
    one = np.zeros_like(pages)
    lengths = compressors.compress_pages(using, pages, one, threads=1)
    for threads in (2, 3, 8, None):
        many = np.zeros_like(pages)
        assert np.array_equal(compressors.compress_pages(using, pages, many, threads), lengths)
        assert np.array_equal(many, one)


@pytest.mark.parametrize("name", ["lz4", "lzo", "zstd", "deflate"])
def test_a_random_page_does_not_fit(name):
    pages = corpus.pages("random", 3)
    lengths = compressors.compress_pages(installed(name), pages, np.empty_like(pages))
    assert lengths.tolist() == [-1, -1, -1]


@pytest.mark.parametrize(("name", "percent"), [("lz4", 100), ("lzo", 100), ("zstd", 98)])
def test_as_many_chunks_as_in_a_running_kernel(name, percent):
    """The easy corpus, half random and half constant: text and binaries could not be checked."""
    pages = halves()
    lengths = compressors.compress_pages(installed(name), pages, np.empty_like(pages))
    recorded = np.load(DATA / "half_sizes.npz")[name]
    assert 100 * (chunks(lengths) == chunks(recorded)).mean() >= percent


@pytest.mark.parametrize("name", ["lz4", "lzo"])
def test_lengths_are_the_kernels_to_the_byte(name):
    pages = halves()
    lengths = compressors.compress_pages(installed(name), pages, np.empty_like(pages))
    assert np.array_equal(lengths, np.load(DATA / "half_sizes.npz")[name])


@pytest.mark.parametrize("name", BUILT_IN)
def test_damaged_data_is_refused(name):
    using = installed(name)
    data = using.compress(corpus.page("text", 0))
    for damaged in (data[: len(data) // 2], b"", b"\xff" * 300):
        with pytest.raises(compressors.DamagedData, match=name):
            using.decompress(damaged)


def test_zstd_refuses_a_frame_that_is_longer_than_a_page():
    using = installed("zstd")
    with pytest.raises(compressors.DamagedData, match=f"states {2 * PAGE_SIZE} bytes"):
        using.decompress(using.compress(bytes(2 * PAGE_SIZE)))


def test_an_unknown_name_is_answered_with_those_there_are():
    with pytest.raises(ValueError, match="no compressor 'lz5'; there are lz4, lzo, zstd"):
        compressors.compressor("lz5")


@pytest.mark.usefixtures("no_lzo")
def test_an_absent_library_is_named():
    assert compressors.available()["lzo"] is False
    assert compressors.available()["lz4"] is True
    with pytest.raises(compressors.MissingLibrary, match=r"'lzo' needs .* python-lzo") as caught:
        compressors.compressor("lzo")
    assert isinstance(caught.value, ValueError)


@pytest.mark.usefixtures("registry")
def test_a_user_can_add_a_compressor():
    compressors.register(Runs())
    assert compressors.available()["runs"] is True
    pages = np.repeat(corpus.pages("random", 4)[:, ::64], 64, axis=1)
    out = np.empty_like(pages)
    lengths = compressors.compress_pages(compressors.compressor("runs"), pages, out)
    assert (lengths > 0).all()
    for page, length, row in zip(pages, lengths, out, strict=True):
        assert compressors.compressor("runs").decompress(row[:length]) == page.tobytes()


@pytest.mark.usefixtures("registry")
def test_a_second_registration_replaces_the_first():
    first, second = Runs(), Runs()
    compressors.register(first)
    compressors.register(second)
    assert compressors.compressor("runs") is second


@pytest.mark.usefixtures("registry")
def test_what_cannot_be_registered():
    named_lz4 = Runs()
    named_lz4.name = "lz4"
    with pytest.raises(ValueError, match="cannot register 'lz4'"):
        compressors.register(named_lz4)
    with pytest.raises(TypeError, match="new must have a name, compress and decompress"):
        compressors.register("lz4")


def test_a_recording_is_replayed_without_compressing():
    page, stranger = corpus.page("text", 0), corpus.page("text", 1)
    data = compressors.compressor("lz4").compress(page)
    recorded = compressors.Recorded("lz4", {hashlib.sha256(page).digest(): data})
    assert recorded.compress(np.frombuffer(page, np.uint8)) is data
    assert recorded.decompress(data) == page
    with pytest.raises(ValueError, match=f"{hashlib.sha256(stranger).hexdigest()} is not among"):
        recorded.compress(stranger)


def test_arrays_of_another_form_are_refused():
    lz4, pages = compressors.compressor("lz4"), corpus.pages("text", 4)
    out = np.empty_like(pages)
    for wrong in (pages[:, :100], pages.astype(np.int32), pages[::2], pages[0]):
        with pytest.raises(ValueError, match="pages must be contiguous uint8"):
            compressors.compress_pages(lz4, wrong, out)
    with pytest.raises(ValueError, match=r"out must be .* at least 4 rows"):
        compressors.compress_pages(lz4, pages, out[:3])
    with pytest.raises(ValueError, match="with 0 threads"):
        compressors.compress_pages(lz4, pages, out, threads=0)


def test_what_a_compressor_raises_comes_out_of_the_threads():
    recorded = compressors.Recorded("lz4", {})
    pages = corpus.pages("text", 300)
    with pytest.raises(compressors.UnrecordedPage):
        compressors.compress_pages(recorded, pages, np.empty_like(pages), threads=2)


@pytest.mark.parametrize("name", [None, 5, [], {}])
def test_a_name_of_another_kind_is_unknown(name):
    with pytest.raises(compressors.UnknownCompressor, match="there are lz4"):
        compressors.compressor(name)
