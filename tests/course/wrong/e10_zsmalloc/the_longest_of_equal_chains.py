"""Of chains that leave as little, takes the longest."""

LOSES = ("chain",)

CHANGES = {"calculate_zspage_chain_size": [(" < best", " <= best")]}
