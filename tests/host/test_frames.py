"""Kinds of page frames from kpageflags."""

from collections import Counter

import numpy as np

from zbudlab import host
from zbudlab.host import frames


def test_each_frame_is_what_the_first_of_its_flags_says(root):
    found = host.read(root)
    named = [frames.KINDS[kind] for kind in found.kinds]
    assert named == [
        "free",
        "free",
        "slab",
        "anonymous",
        "file",
        "kernel",
        "no frame",
        "page table",
    ]
    assert {name: n for name, n in found.frames.items() if n} == Counter(named)
    assert "kinds" not in found.as_dict()


def test_joined_cells_are_what_most_of_their_frames_are():
    assert frames.joined(np.array([2, 2, 5, 2, 5, 8, 5, 5, 7], np.uint8), 4).tolist() == [
        2,
        5,
        7,
    ]
