"""Takes the words of free objects for handles."""

LOSES = ("handles",)

CHANGES = {
    "replace_sub_page": [
        ("handle_in_word(int(mem.objects[first + index]))", "int(mem.objects[first + index]) >> 1")
    ]
}
