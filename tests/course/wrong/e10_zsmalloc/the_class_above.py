"""A class more than is needed where the size fits a place exactly."""

LOSES = ("class",)

CHANGES = {
    "get_size_class_index": [
        (
            "(beyond + ZS_SIZE_CLASS_DELTA - 1) // ZS_SIZE_CLASS_DELTA",
            "beyond // ZS_SIZE_CLASS_DELTA + 1",
        )
    ]
}
