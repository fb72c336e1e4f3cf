"""Takes a handle before it looks at the size."""

LOSES = ("malloc",)

CHANGES = {
    "zs_malloc": [
        ("    if size <= 0:\n", "    handle = cache_alloc_handle(mem)\n    if size <= 0:\n"),
        ("    handle = cache_alloc_handle(mem)\n    if handle", "    if handle"),
    ]
}
