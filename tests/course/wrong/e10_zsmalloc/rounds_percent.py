"""Rounds to the nearest tenth."""

LOSES = ("group",)

CHANGES = {
    "get_fullness_group": [
        (
            "100 * inuse // size_class.objs_per_zspage // 10 + 1",
            "round(10 * inuse / size_class.objs_per_zspage) + 1",
        )
    ]
}
