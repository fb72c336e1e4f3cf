"""Divides before it multiplies."""

LOSES = ("group",)

CHANGES = {
    "get_fullness_group": [
        (
            "100 * inuse // size_class.objs_per_zspage // 10 + 1",
            "inuse // size_class.objs_per_zspage * 10 + 1",
        )
    ]
}
