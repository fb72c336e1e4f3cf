"""e05_zswap under other rules: what the package does not contain."""


def full_at_its_share(zswap):
    """Whether the pool has at least its share of memory."""
    return zswap.pool_pages >= zswap.totalram_pages * zswap.max_pool_percent // 100


FUNCTIONS = {"full-at-its-share": {"zswap_is_full": full_at_its_share}}
