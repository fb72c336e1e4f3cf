"""Calls the pool full when it has its share exactly."""

LOSES = ("limit",)


def zswap_is_full(zswap):
    """Whether the pool has more than its share of memory."""
    return zswap.totalram_pages * zswap.max_pool_percent // 100 <= zswap.pool_pages
