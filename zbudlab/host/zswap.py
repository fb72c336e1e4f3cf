"""The contents and the refusals of zswap, in words."""

from zbudlab.io.values import human

#: Counters of /sys/kernel/debug/zswap for pages that zswap did not take, and why.
REFUSALS = {
    "reject_compress_poor": "compressed too poorly to be worth keeping",
    "reject_compress_fail": "could not be compressed",
    "reject_alloc_fail": "found no memory in the pool",
    "reject_kmemcache_fail": "found no memory for their entry in the tree",
    "reject_reclaim_fail": "came while the pool was at its limit and could not be shrunk",
}
SWITCHED_ON = ("Y", "1")


def _held(counters: dict[str, int], meminfo: dict[str, int], page_size: int) -> tuple[int, int]:
    """Return the bytes of the pages in zswap and of its pool; 0 if not known."""
    pages, pool = counters.get("stored_pages", 0) * page_size, counters.get("pool_total_size", 0)
    if not pool:
        pool = counters.get("pool_pages", 0) * page_size
    return pages or meminfo.get("Zswapped", 0), pool or meminfo.get("Zswap", 0)


def _limit(settings: dict[str, str], pool: int, memory: int) -> str:
    percent = settings.get("max_pool_percent", "")
    if not percent.isdigit() or not memory or not int(percent):
        return ""
    most = memory * int(percent) // 100
    return (
        f"its pool may take {percent} % of memory ({human(most)}) and takes {human(pool)}, "
        f"{100 * pool / most:.1f} % of that limit"
    )


def zswap_words(
    settings: dict[str, str], counters: dict[str, int], meminfo: dict[str, int], page_size: int
) -> list[str]:
    """Return sentences on zswap's compression ratio, its limit and the pages it refused."""
    words = []
    if settings.get("enabled") and settings["enabled"] not in SWITCHED_ON:
        words.append("zswap is switched off")
    stored, pool = _held(counters, meminfo, page_size)
    if stored and pool:
        words.append(
            f"zswap holds {human(stored)} of pages in {human(pool)}: a ratio of {stored / pool:.2f}"
        )
    if limit := _limit(settings, pool, meminfo.get("MemTotal", 0)):
        words.append(limit)
    refused = [(counters.get(name, 0), why) for name, why in REFUSALS.items()]
    words += [f"{count} pages were refused because they {why}" for count, why in refused if count]
    if hits := counters.get("pool_limit_hit", 0):
        words.append(f"the limit was reached {hits} times")
    if written := counters.get("written_back_pages", 0):
        words.append(f"{written} pages were written back to the swap device to make room")
    return words
