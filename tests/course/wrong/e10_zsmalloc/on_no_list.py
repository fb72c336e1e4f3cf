"""A new zspage is on no list."""

LOSES = ("malloc",)

CHANGES = {
    "zs_malloc": [
        ("        insert_zspage(mem, pool, zs, get_fullness_group(pool, size_class, 1))\n", "")
    ]
}
