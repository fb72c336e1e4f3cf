"""Divides before it multiplies, which loses up to 99 frames."""

LOSES = ("limit",)


def zswap_is_full(zswap):
    """Whether the pool has more than its share of memory."""
    return zswap.totalram_pages // 100 * zswap.max_pool_percent < zswap.pool_pages
