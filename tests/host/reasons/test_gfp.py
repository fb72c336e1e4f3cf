"""Flags of requests by name and by number."""

import pytest

from zbudlab.host.reasons.gfp import parse_gfp


@pytest.mark.parametrize(
    ("text", "known", "migratetype", "can_wait", "high", "zone"),
    [
        ("0xcc0(GFP_KERNEL)", (5, 4), "Unmovable", True, False, "Normal"),
        ("0xd0", (3, 12), "Unmovable", True, False, "Normal"),
        ("0x20", (2, 6), "Unmovable", False, True, "Normal"),
        ("0x201da", (3, 12), "Movable", True, False, "Movable"),
        ("0x2080020", (4, 4), "Unmovable", False, True, "Normal"),
        ("0x24200ca", (4, 4), "Movable", True, False, "Movable"),
        ("GFP_KERNEL|GFP_DMA32", (6, 1), "Unmovable", True, False, "DMA32"),
        ("GFP_ATOMIC|__GFP_DMA", (), "Unmovable", False, True, "DMA"),
        ("GFP_HIGHUSER", (), "Unmovable", True, False, "HighMem"),
    ],
)
def test_flags_of_different_kernels(text, known, migratetype, can_wait, high, zone):
    gfp = parse_gfp(text, known)
    assert (gfp.migratetype, gfp.can_wait, gfp.high) == (migratetype, can_wait, high)
    assert gfp.highest_zone == zone
