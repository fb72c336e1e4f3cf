"""Looks at the group before the object is in the zspage."""

LOSES = ("malloc",)

CHANGES = {
    "zs_malloc": [
        (
            (
                "        obj_malloc(mem, zs, size_class, handle)\n"
                "        fix_fullness_group(mem, pool, zs)\n"
            ),
            (
                "        fix_fullness_group(mem, pool, zs)\n"
                "        obj_malloc(mem, zs, size_class, handle)\n"
            ),
        )
    ]
}
