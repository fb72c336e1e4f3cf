"""Counts the pages of a zspage that could be freed in part."""

LOSES = ("gain",)

CHANGES = {
    "zs_can_compact": [
        (
            "free // size_class.objs_per_zspage * size_class.pages_per_zspage",
            "free * size_class.pages_per_zspage // size_class.objs_per_zspage",
        )
    ]
}
