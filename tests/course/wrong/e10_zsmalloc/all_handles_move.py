"""All objects of the zspage get the new frame."""

LOSES = ("handles",)

CHANGES = {"replace_sub_page": [("!= at:", "< 0:")]}
