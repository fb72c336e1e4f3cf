"""Never ends the mapping of a load: the page can neither move nor go."""

LOSES = ("load", "golden", "machine")

CHANGES = {
    "zswap_load_end": [("    unmap_entry(mem, number)", "")],
}
