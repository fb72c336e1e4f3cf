"""Moves the handles whose objects end in the page."""

LOSES = ("handles",)

CHANGES = {
    "replace_sub_page": [
        (
            "index * size_class.object_size // PAGE_SIZE",
            "((index + 1) * size_class.object_size - 1) // PAGE_SIZE",
        )
    ]
}
