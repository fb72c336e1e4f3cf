"""Tries chains of up to 8 pages, whatever the pool allows."""

LOSES = ("chain",)

CHANGES = {"calculate_zspage_chain_size": [("pool.chain_size + 1", "9")]}
