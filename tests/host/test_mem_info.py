"""Mem-Info blocks of different kernels."""

import pytest

from tests.host.made_up import DATA
from zbudlab.host.mem_info import looks_like_mem_info, parse_mem_info

WITHOUT_NUMA = """\
Mem-Info:
Normal free:12kB min:4kB low:5kB high:6kB active_anon:8kB present:64kB managed:60kB free_cma:4kB
lowmem_reserve[]: 0 0 7
Normal: 1*4kB (C) 1*8kB (UM) = 12kB
"""
OLD = """\
Node 0 DMA free:64kB min:0kB low:0kB high:0kB present:1024kB pages_scanned:0 all_unreclaimable? no
lowmem_reserve[]: 0 3 3 3
Node 0 DMA: 0*64kB 0*128kB 0*256kB = 0kB
"""


def test_zones_watermarks_and_types_are_read():
    found = parse_mem_info((DATA / "mem_info.txt").read_text())
    dma32 = found.zones[0]
    assert (found.page_size, found.dumps) == (4096, 1)
    assert {name: dma32.counts[name] for name in ("min", "low", "high", "free", "free_cma")} == {
        "min": 6109, "low": 7636, "high": 9163, "free": 97261, "free_cma": 67501
    }  # fmt: skip
    types = "UMEC UME UMEC UMEC UME UMEC UM UMC UMC UMC MEC"
    assert dma32.letters == types.split()


def test_kernels_without_numa_name_no_node():
    (zone,) = parse_mem_info(WITHOUT_NUMA).zones
    assert (zone.node, zone.name, zone.free) == (0, "Normal", [1, 1])
    assert (zone.managed, zone.counts["free_cma"], zone.reserve) == (15, 1, [0, 0, 7])


def test_the_first_size_is_the_page_size_and_old_kernels_have_no_letters():
    found = parse_mem_info(OLD)
    assert found.page_size == 65536
    assert found.zones[0].letters == ["", "", ""]
    assert (found.zones[0].present, found.zones[0].managed) == (16, 0)


@pytest.mark.parametrize("width", [60, 72, 79])
def test_lines_wrapped_by_a_mail_program_say_the_same(width):
    text = (DATA / "mem_info.txt").read_text()
    wrapped = []
    for line in text.splitlines():
        words = ["> "]
        for word in line.split(" "):
            if len(words[-1]) + len(word) > width:
                words.append("> ")
            words[-1] += word + " "
        wrapped += words
    assert parse_mem_info("\n".join(wrapped)) == parse_mem_info(text)


def test_a_zone_that_manages_no_page_has_none():
    text = "DMA free:0kB min:0kB present:128kB managed:0kB\nDMA: 0*4kB 0*8kB = 0kB\n"
    assert parse_mem_info(text).zones[0].size == 0


def test_lists_that_a_web_page_or_a_terminal_has_changed_are_read():
    (zone,) = parse_mem_info("Node 0 Normal: 486_4kB 46_8kB 2_16kB = 2344kB\n").zones
    assert zone.free == [486, 46, 2]
    cut = "| Normal free:8kB present:16k\n| B managed:12kB\n| Normal: 0*4kB 1*\n| 8kB (M) = 8kB\n"
    (zone,) = parse_mem_info(cut).zones
    assert (zone.free, zone.present, zone.managed) == ([0, 1], 4, 3)


def test_a_zone_whose_list_was_cut_has_its_watermarks():
    (zone,) = parse_mem_info("Normal free:372kB min:984kB low:1228kB unevictable:o\n").zones
    assert (zone.free, zone.counts) == ([], {"free": 93, "min": 246, "low": 307})
    assert not looks_like_mem_info("Normal free:372kB min:984kB\n")


def test_other_text_has_none():
    assert not looks_like_mem_info("Node 0, zone Normal 1 2 3\n")
    assert parse_mem_info("").zones == []


CUT = "Node 0 Normal: 21*8kB (U) 1*32kB (C) 0*64kB 1*512kB (M) = 744kB\n"


def test_a_size_missing_in_between_moves_no_order_and_is_told():
    found = parse_mem_info(CUT)
    assert found.zones[0].free == [21, 0, 1, 0, 0, 0, 1]
    assert found.zones[0].letters == ["U", "", "C", "", "", "", "M"]
    assert found.notes == [
        "the free list of node 0, zone Normal adds up to 712 kB and says 744 kB: part of it is "
        "missing or damaged"
    ]
    assert parse_mem_info(CUT.replace("744", "712")).notes == []
