"""Every machine has the same fate, whatever its seed."""

LOSES = ("repeats",)

CHANGES = {
    "experiment": [
        (
            "default_rng(seed)",
            "default_rng(42)",
        ),
    ],
}
