"""The machine has 2048 frames, whatever it is asked for."""

LOSES = ("repeats",)

CHANGES = {
    "experiment": [
        (
            "frames=frames,",
            "frames=2048,",
        ),
        (
            "range(frames // 16)",
            "range(2048 // 16)",
        ),
    ],
}
