"""Pages from recipes: the same bytes everywhere, and shaped as their recipe says."""

import hashlib
import json
import string
from pathlib import Path

import numpy as np
import pytest

from zbudlab.content import corpus
from zbudlab.content.compressors import compress_pages, compressor
from zbudlab.layout import PAGE_SIZE

# SHA-256 of the first 64 pages, seed 0. These never change: notebooks and figures depend on them.
FIRST_64 = {
    "text": "1d7768983dcff0c12f083f3a86d242f931c8eb58ac6c6efafa2eeeea7ae83edf",
    "binary": "c6294a069559778f5977d95b0d0df8818aee042b839d59ed50c4cdfe71cb5cfc",
    "zero": "8a39d2abd3999ab73c34db2476849cddf303ce389b35826850f9a700589b4a90",
    "same": "74ae48b64ff51e6a92a567ed278be46be0a890016225072a7a596ac955f1bcb1",
    "random": "7d9c33e42b2a6427dadef9e87d948684692dee85d0a7d5187bc4b1eb237c9fb2",
    "half": "106ae7ed39e00be1af667c78cff7f32c33b697b9abcf3357265fb90a962f460e",
    "mixed": "c0f27b0a53cbdf1e13d3b868095f19de66a06dec7068f5e95811f75e8057877a",
}
RANDOM_RECIPES = [name for name in corpus.RECIPES if name != "zero"]
HALF = json.loads((Path(__file__).parents[1] / "data" / "half_pages.json").read_text())


def ratio(recipe):
    """Bytes after LZ4 for one before, page by page."""
    pages = corpus.pages(recipe, 512)
    lengths = compress_pages(compressor("lz4"), pages, np.empty_like(pages))
    return np.where(lengths < 0, PAGE_SIZE, lengths) / PAGE_SIZE


@pytest.mark.parametrize("recipe", corpus.RECIPES)
def test_the_first_pages_are_the_same_on_every_system(recipe):
    digest = hashlib.sha256(corpus.pages(recipe, 64).tobytes()).hexdigest()
    assert digest == FIRST_64[recipe]


@pytest.mark.parametrize("recipe", corpus.RECIPES)
def test_a_page_does_not_depend_on_how_many_are_made(recipe):
    pages = corpus.pages(recipe, 70, seed=3)
    assert pages.shape == (70, PAGE_SIZE)
    assert pages.dtype == np.uint8
    assert all(pages[i].tobytes() == corpus.page(recipe, i, seed=3) for i in (0, 31, 32, 69))
    assert np.array_equal(pages[33:50], corpus.pages(recipe, 17, seed=3, first=33))


@pytest.mark.parametrize("recipe", RANDOM_RECIPES)
def test_another_seed_makes_other_pages(recipe):
    ours, others = corpus.pages(recipe, 64, seed=1), corpus.pages(recipe, 64, seed=2)
    assert (ours != others).any(axis=1).mean() > 0.8  # `mixed` has zero pages with any seed


@pytest.mark.parametrize("recipe", ["text", "binary", "same", "random", "half"])
def test_no_two_pages_are_equal(recipe):
    pages = {page.tobytes() for page in corpus.pages(recipe, 500)}
    assert len(pages) == 500


def test_half_is_the_corpus_that_the_kernel_compressed():
    recorded = [corpus.half_page(x) for x in HALF["x"]]
    digest = hashlib.sha256(b"".join(recorded)).hexdigest()
    assert digest == HALF["sha256_of_all_pages"]
    assert {page.tobytes() for page in corpus.pages("half", len(recorded))} == set(recorded)


def test_half_goes_on_with_new_pages():
    many = len(HALF["x"])
    again = corpus.pages("half", many, first=many)
    assert (again != corpus.pages("half", many)).any(axis=1).sum() == many - 1  # X = 0 is constant


def test_any_stretch_of_half_has_all_lengths():
    random_part = ratio("half")
    shares = np.histogram(random_part, bins=8, range=(0, 1))[0] / len(random_part)
    assert (abs(shares - 1 / 8) < 0.02).all()


def test_same_pages_hold_one_word_and_random_ones_do_not():
    words = corpus.pages("same", 100).view("<u8")
    assert (words == words[:, :1]).all()
    assert (corpus.pages("random", 100).view("<u8")[:, 1:] != words[:, 1:]).all()


@pytest.mark.parametrize(
    ("recipe", "lowest", "highest"),
    [("text", 0.5, 0.65), ("binary", 0.4, 0.65), ("zero", 0, 0.01), ("random", 1, 1)],
)
def test_pages_compress_like_what_they_stand_for(recipe, lowest, highest):
    assert lowest <= ratio(recipe).mean() <= highest


def test_text_is_readable():
    text = corpus.page("text", 0).decode("ascii")
    assert " the " in text
    assert set(text) <= set(string.printable)


def test_mixed_has_its_shares():
    mixed = corpus.pages("mixed", 4000)
    shares = {
        recipe: (mixed == corpus.pages(recipe, 4000)).all(axis=1).mean() for recipe in FIRST_64
    }
    wanted = {"text": 0.35, "binary": 0.25, "random": 0.15, "zero": 0.1, "same": 0.1, "half": 0.05}
    assert all(abs(shares[recipe] - share) < 0.03 for recipe, share in wanted.items())


def test_none_is_a_number_of_pages():
    assert corpus.pages("text", 0).shape == (0, PAGE_SIZE)


def test_bad_requests_are_named():
    with pytest.raises(ValueError, match="no recipe 'txt'; there are text, binary"):
        corpus.pages("txt", 1)
    with pytest.raises(ValueError, match=r"no recipe \[\]; there are"):
        corpus.pages([], 1)
    for count, seed, first, why in (
        (-1, 0, 0, "count must be 0 to 16777216, not -1"),
        (1.5, 0, 0, "count must be a whole number, not 1.5"),
        (1 << 40, 0, 0, "count must be 0 to 16777216, not 1099511627776"),
        (1, None, 0, "seed must be a whole number, not None"),
        (1, 0, -3, "first must be 0 to .*, not -3"),
    ):
        with pytest.raises(ValueError, match=why):
            corpus.pages("text", count, seed, first)
