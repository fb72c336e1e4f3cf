"""A size above a page answers -EINVAL, not -ENOSPC."""

LOSES = ("malloc",)

CHANGES = {"zs_malloc": [("return -ENOSPC", "return -EINVAL")]}
