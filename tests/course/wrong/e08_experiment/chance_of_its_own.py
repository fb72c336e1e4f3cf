"""Chance comes from the clock, not from the seed."""

LOSES = ("repeats",)

CHANGES = {
    "experiment": [
        (
            "default_rng(seed)",
            "default_rng()",
        ),
    ],
}
