"""Frames are in the grid as well, so that a run is given two sizes."""

LOSES = ("plan",)


def grid():
    return {"movable": [False, True], "frames": [1024, 2048]}
