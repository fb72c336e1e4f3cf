"""Operations on a machine with z3fold, stepped into."""

import re

import pytest

from tests.history import pools
from tests.history.pools import told


@pytest.fixture(scope="module")
def past():
    """The history of a machine with z3fold."""
    return pools.history("z3fold", 3800)


SENTENCES = [
    ("reclaim", "find a page with room", r"No page has \d+ free|first page of the list with the"),
    ("reclaim", "fresh page", r"Frame \d+ becomes a page of the pool"),
    ("reclaim", "place an object", r"becomes the (first|middle|last) one of frame \d+"),
    ("exit", "free an object", r"The (only|first|middle|last) object of frame \d+ is free"),
    ("exit", "compact a page", r"[Ff]rame \d+"),
    ("exit", "release a page", r"Frame \d+ leaves the pool"),
    ("compact", "replace places", r"6\.1 leaves the page claimed"),
]


@pytest.mark.parametrize(("kind", "stage", "sentence"), SENTENCES)
def test_a_part_has_a_sentence(past, kind, stage, sentence):
    for text in told(past, kind, stage):
        assert re.search(sentence, text)
