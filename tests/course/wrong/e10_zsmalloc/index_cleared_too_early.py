"""Clears the index of the old page before it is read."""

LOSES = ("migrate",)

CHANGES = {
    "zs_page_migrate": [
        ("    page.index = 0\n", ""),
        (
            "    join_pool(mem, new, old)\n    get",
            "    page.index = 0\n    join_pool(mem, new, old)\n    get",
        ),
    ]
}
