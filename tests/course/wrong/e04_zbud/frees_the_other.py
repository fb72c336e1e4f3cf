"""Takes the other object away."""

LOSES = ("free", "golden", "machine")

CHANGES = {
    "free_buddy": [("if buddy == FIRST:", "if buddy == LAST:")],
}
