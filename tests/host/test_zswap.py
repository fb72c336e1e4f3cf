"""Zswap's counters in words."""

from zbudlab.host.zswap import zswap_words

MEMORY = {"MemTotal": 1 << 30}


def test_ratio_limit_and_refusals_are_said():
    settings = {"enabled": "Y", "max_pool_percent": "20"}
    counters = {
        "stored_pages": 2560,
        "pool_total_size": 5 << 20,
        "pool_limit_hit": 3,
        "reject_compress_poor": 7,
        "reject_alloc_fail": 0,
        "written_back_pages": 11,
    }
    assert zswap_words(settings, counters, MEMORY, 4096) == [
        "zswap holds 10 MiB of pages in 5 MiB: a ratio of 2.00",
        "its pool may take 20 % of memory (205 MiB) and takes 5 MiB, 2.4 % of that limit",
        "7 pages were refused because they compressed too poorly to be worth keeping",
        "the limit was reached 3 times",
        "11 pages were written back to the swap device to make room",
    ]


def test_nothing_known_is_nothing_said():
    assert zswap_words({}, {}, {}, 4096) == []
    assert zswap_words({"enabled": "N"}, {}, MEMORY, 4096) == ["zswap is switched off"]
