"""What an attack is: code in a cell, and how it is to be reported."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Attack:
    """Code in a cell at the end of the untouched exercise, or (solved) of its solution."""

    name: str
    code: str
    says: str = "not written yet"
    earns: int = 0
    exercise: str = "e04_zbud"
    solved: bool = False
