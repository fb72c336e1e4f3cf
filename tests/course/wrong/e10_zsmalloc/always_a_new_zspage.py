"""Never looks for room."""

LOSES = ("malloc",)

CHANGES = {"zs_malloc": [("zs = find_get_zspage(mem, size_class)", "zs = 0")]}
