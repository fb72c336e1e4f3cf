"""Two groups, with an edge at three quarters, as in Linux 6.1."""

LOSES = ("group",)

CHANGES = {
    "get_fullness_group": [
        (
            "return 100 * inuse // size_class.objs_per_zspage // 10 + 1",
            "return 1 if 4 * inuse <= 3 * size_class.objs_per_zspage else 2",
        )
    ]
}
