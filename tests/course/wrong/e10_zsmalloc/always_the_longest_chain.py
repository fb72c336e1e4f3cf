"""Every zspage has as many pages as it may."""

LOSES = ("chain",)


def calculate_zspage_chain_size(pool, size):
    return int(pool.chain_size)
