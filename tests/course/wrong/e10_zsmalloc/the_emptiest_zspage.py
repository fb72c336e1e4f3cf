"""New objects go into the emptiest zspage."""

LOSES = ("zspage",)

CHANGES = {
    "find_get_zspage": [("range(ZS_FULL - 1, ZS_EMPTY - 1, -1)", "range(ZS_EMPTY + 1, ZS_FULL)")]
}
