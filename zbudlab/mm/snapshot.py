"""Copies of a machine's state in plain Python, for those who look at it from above."""

import numpy as np


def list_members(records: np.ndarray, link: int, head: int) -> list[int]:
    """The record numbers on a list, first to last."""
    following = records["next"][:, link]
    members = []
    at = int(following[head])
    while at != head:
        members.append(at)
        at = int(following[at])
    return members
