"""Does not try the longest chain."""

LOSES = ("chain",)

CHANGES = {"calculate_zspage_chain_size": [("pool.chain_size + 1", "pool.chain_size")]}
