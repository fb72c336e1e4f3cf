"""Flags of requests by name and by number."""

import pytest

from zbudlab.host.reasons.gfp import parse_gfp, version_of_mask


@pytest.mark.parametrize(
    ("text", "known", "migratetype", "can_wait", "high", "zone"),
    [
        ("0xcc0(GFP_KERNEL)", (5, 4), "Unmovable", True, False, "Normal"),
        ("0xd0", (3, 12), "Unmovable", True, False, "Normal"),
        ("0x20", (2, 6), "Unmovable", False, True, "Normal"),
        ("0x201da", (3, 12), "Movable", True, False, "Movable"),
        ("0x2080020", (4, 4), "Unmovable", False, True, "Normal"),
        ("0x24200ca", (4, 4), "Movable", True, False, "Movable"),
        ("0x14000c0", (4, 12), "Unmovable", True, False, "Normal"),
        ("0x6000c0", (4, 18), "Unmovable", True, False, "Normal"),
        ("0x480020", (4, 18), "Unmovable", False, True, "Normal"),
        ("0xcc0", (6, 1), "Unmovable", True, False, "Normal"),
        ("0xa20", (5, 10), "Unmovable", False, True, "Normal"),
        ("0x100cca", (5, 4), "Movable", True, False, "Movable"),
        ("0x20", (), "Unmovable", False, True, "Normal"),
        ("0x2080020", (), "Unmovable", False, True, "Normal"),
        ("0x24000c0", (), "Unmovable", True, False, "Normal"),
        ("GFP_KERNEL|GFP_DMA32", (6, 1), "Unmovable", True, False, "DMA32"),
        ("GFP_ATOMIC|__GFP_DMA", (), "Unmovable", False, True, "DMA"),
        ("GFP_HIGHUSER", (), "Unmovable", True, False, "HighMem"),
    ],
)
def test_flags_of_different_kernels(text, known, migratetype, can_wait, high, zone):
    gfp = parse_gfp(text, known)
    assert (gfp.migratetype, gfp.can_wait, gfp.high) == (migratetype, can_wait, high)
    assert gfp.highest_zone == zone


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("0xd0", (3, 12)),
        ("0x2400000", (4, 4)),
        ("0xcc0(GFP_KERNEL)", ()),
        ("GFP_KERNEL", ()),
        ("x", ()),
    ],
)
def test_a_mask_shows_how_old_its_kernel_is(text, version):
    assert version_of_mask(text) == version
