"""Classes with even numbers only."""

LOSES = ("class", "golden", "machine", "pages")

CHANGES = {
    "get_size_class_index": [
        (
            "(beyond + ZS_SIZE_CLASS_DELTA - 1) // ZS_SIZE_CLASS_DELTA",
            "(beyond + 31) // 32 * 2",
        )
    ],
    "pages_for_objects": [("+ 15) // 16 * 16", "+ 31) // 32 * 32")],
}
