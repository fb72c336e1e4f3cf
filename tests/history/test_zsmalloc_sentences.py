"""Operations on a machine with zsmalloc, stepped into."""

import re

import numpy as np
import pytest

from tests.history import pools
from tests.history.pools import told
from zbudlab import layout


@pytest.fixture(scope="module")
def past():
    """The history of a machine with zsmalloc."""
    return pools.history("zsmalloc", 3000)


SENTENCES = [
    ("reclaim", "find a zspage", r"No zspage of the class has room|first of the fullest group"),
    (
        "reclaim",
        "fresh zspage",
        r"is a chain of \d pages? \([\d, ]+\) with room for \d+ obj",
    ),
    (
        "reclaim",
        "take an object",
        r"Handle \d+ gets object \d+ of zspage \d+, which starts",
    ),
    (
        "reclaim",
        "group",
        r"stays in group \d+|from the list of group \d+ to that of group \d",
    ),
    ("exit", "free an object", r"Object \d+ of zspage \d+ is free and will be the next one taken"),
    ("exit", "free a zspage", r"Zspage \d+ is empty, so the pool has \d pages? less"),
    ("compact", "replace places", r"takes the place of frame \d+ in the chain of zspage \d+\. The"),
]


@pytest.mark.parametrize(("kind", "stage", "sentence"), SENTENCES)
def test_a_part_has_a_sentence(past, kind, stage, sentence):
    for text in told(past, kind, stage):
        assert re.search(sentence, text)


def test_places_are_replaced_as_the_sentence_says(past):
    stop = next(n for n in range(1, len(past) + 1) if past[n].name == "compact")
    inside = past.inside(stop)
    part = next(n for n, p in enumerate(inside.parts, 1) if p.stage == "replace places")
    old, new = (inside.parts[part - 1].numbers[name] for name in ("old", "new"))
    before = inside.machine_at(part - 1).state.handles >> layout.OBJ_INDEX_BITS
    after = inside.machine_at(part).state.handles >> layout.OBJ_INDEX_BITS
    count = int((before == old).sum())
    assert np.array_equal(np.where(before == old, new, before), after)
    assert f"start there ({count})" in inside.explain(part).sentence
