"""Takes the other object away."""

LOSES = ("free",)

CHANGES = {
    "free_buddy": [("if buddy == FIRST:", "if buddy == LAST:")],
}
