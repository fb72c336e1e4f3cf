"""Does not notice that there is no handle."""

LOSES = ("malloc",)

CHANGES = {"zs_malloc": [("if handle == 0:", "if handle < 0:")]}
