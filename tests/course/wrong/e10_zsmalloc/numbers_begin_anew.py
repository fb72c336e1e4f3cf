"""Counts objects from the start of the page."""

LOSES = ("handles",)

CHANGES = {
    "replace_sub_page": [
        (
            "location_to_obj(new, index)",
            "location_to_obj(new, index - at * PAGE_SIZE // size_class.object_size)",
        )
    ]
}
