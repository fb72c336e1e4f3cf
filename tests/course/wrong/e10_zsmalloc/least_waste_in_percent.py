"""Compares whole percent, as Linux 6.1 did, not bytes."""

LOSES = ("chain",)


def calculate_zspage_chain_size(pool, size):
    def used(pages):
        return pages * PAGE_SIZE // size * size * 100 // (pages * PAGE_SIZE)

    return max(range(1, pool.chain_size + 1), key=used)
