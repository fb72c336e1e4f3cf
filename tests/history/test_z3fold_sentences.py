"""Operations on a machine with z3fold, stepped into."""

import re

import numpy as np
import pytest

from zbudlab import layout
from zbudlab.history import History
from zbudlab.machine import Machine


@pytest.fixture(scope="module")
def past():
    """The history of a machine whose pool grew, shrank and was moved."""
    random = np.random.default_rng(3)
    machine = Machine(
        frames=512, profile="6.1", zpool="z3fold", pageblock_order=4, threads=1, min_free=4
    )
    pages = np.zeros((200, layout.PAGE_SIZE), np.uint8)
    for page, size in zip(pages, random.integers(100, 3800, 200), strict=True):
        page[:size] = random.integers(0, 256, size)
    stored, other = machine.create_process(200), machine.create_process(230)
    machine.write(stored, 0, pages)
    machine.touch(other, range(230))
    machine.reclaim(120)
    machine.exit(other)
    machine.compact()
    machine.exit(stored)
    return History(machine)


def told(past, kind, stage):
    """The sentences of the first parts of that kind within an operation of the log."""
    for stop in range(1, len(past) + 1):
        if past[stop].name != kind:
            continue
        inside = past.inside(stop)
        numbers = [n for n, part in enumerate(inside.parts, 1) if part.stage == stage]
        if numbers:
            return [inside.explain(number).sentence for number in numbers[:8]]
    raise AssertionError(f"no {kind} has a part {stage!r}")


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
