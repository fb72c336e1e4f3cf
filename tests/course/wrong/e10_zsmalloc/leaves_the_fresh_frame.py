"""Does not make the fresh frame zsmalloc's if the zspage was freed."""

LOSES = ("migrate",)

CHANGES = {
    "zs_page_migrate": [
        ("    if zs == 0:\n        join_pool(mem, new, old)\n", "    if zs == 0:\n")
    ]
}
