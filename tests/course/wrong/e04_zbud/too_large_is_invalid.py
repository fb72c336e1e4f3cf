"""A size that fits no page answers -EINVAL, not -ENOSPC."""

LOSES = ("alloc",)

CHANGES = {
    "zbud_alloc": [("return -ENOSPC", "return -EINVAL")],
}
