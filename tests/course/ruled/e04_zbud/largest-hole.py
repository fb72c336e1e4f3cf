"""The largest hole first."""

LOSES = ("hole", "golden", "machine")

CHANGES = {"find_hole": [("range(chunks, NCHUNKS)", "reversed(range(chunks, NCHUNKS))")]}
