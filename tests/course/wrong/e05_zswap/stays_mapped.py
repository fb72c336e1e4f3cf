"""Never ends the mapping of a load: the page can neither move nor go."""

LOSES = ("load",)

CHANGES = {
    "zswap_load_end": [("    unmap_entry(mem, number)", "")],
}
