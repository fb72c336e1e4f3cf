"""The parts of a case that stay outside the student's process.

A probe runs in the same process as the student's code, which could replace it. So it returns the
raw contents of memory, and they are interpreted here, where answers are compared. Pages whose
accesses are counted stay here, and the probe requests each access. Schedules run elsewhere, too.
"""

from random import Random
from typing import Any

from zbudlab.course.contract import Outside
from zbudlab.course.probes.e01_pages import REFUSED, place_of
from zbudlab.layout import PAGE_SIZE

MOST_ROUNDS = 64  #: of calls; a schedule has fewer steps
LINE = 64  #: bytes that a processor moves at once


class Counted:
    """A page that counts reads and writes, of single bytes or slices."""

    def __init__(self, content: bytes) -> None:
        self.content = bytearray(content)
        self.pieces: list[int] = []  # bytes of each access

    def get(self, place: Any) -> Any:
        """Return a byte, or bytes as hexadecimal digits."""
        found = self.content[place_of(place)]
        self.pieces.append(len(found) if isinstance(found, bytearray) else 1)
        return found.hex() if isinstance(found, bytearray) else found

    def set(self, place: Any, value: Any) -> None:
        """Store a byte, or bytes given as hexadecimal digits."""
        where, size = place_of(place), 1
        if isinstance(place, list):
            value = bytes.fromhex(value)
            size, there = len(value), len(self.content[where])
            if size != there:
                raise ValueError(f"{size} bytes for {there} of the page: slices must be as long")
        self.content[where] = value
        self.pieces.append(size)


class CountedPages(Outside):
    """Two pages for `copy_page`. case: seed of the content, counts: whether to count accesses."""

    def __init__(self, case: dict[str, Any]) -> None:
        super().__init__(case)
        self.content = Random(case["seed"]).randbytes(PAGE_SIZE)
        self.pages = {"new": Counted(bytes(PAGE_SIZE)), "old": Counted(self.content)}

    def given(self) -> dict[str, Any]:
        return {}

    def hear(self, question: Any) -> Any:
        try:
            page, place = self.pages[question["page"]], question["place"]
            if "value" not in question:
                return {"found": page.get(place)}
            page.set(place, question["value"])
            return {}
        except (*REFUSED, KeyError) as error:
            return {"refused": type(error).__name__, "words": str(error)}

    def seen(self, answer: Any) -> dict[str, Any]:
        new, old = self.pages["new"], self.pages["old"]
        right = sum(a == b for a, b in zip(new.content, self.content, strict=True))
        seen: dict[str, Any] = {
            "bytes that are right": right,
            "old is as it was": old.content == self.content,
        }
        if self.case["counts"]:
            pieces = new.pieces + old.pieces
            seen["bytes moved"] = sum(pieces)
            seen["pieces longer than a line"] = sum(size > LINE for size in pieces)
            seen["accesses"] = len(pieces)
        return seen


class Moved(Outside):
    """Memory after a move, examined in another process. case: as in probes.e06_migrate."""

    def seen(self, answer: Any) -> Any:
        if not isinstance(answer, dict):
            return answer
        return self.look("e06_migrate.look", {"case": self.case, "answer": answer})


class Explored(Outside):
    """Every schedule, searched where no student's code runs. case: as in probes.e09_races.

    The functions under test are called in the student's process, one round of calls after another.
    """

    def __init__(self, case: dict[str, Any]) -> None:
        super().__init__(case)
        self.found: Any = None
        self.rounds = 0

    def hear(self, question: Any) -> Any:
        if self.trusted:
            return {"trusted": True}
        self.rounds += 1
        if self.rounds > MOST_ROUNDS:
            raise ValueError("there are more questions than steps in a schedule")
        reply = self.look("e09_races.look", {"case": self.case, "results": question})
        if "calls" in reply:
            return reply
        self.found = reply
        return {}

    def seen(self, answer: Any) -> Any:
        found = answer if self.trusted else self.found
        if found is None:
            raise ValueError("the search has not ended")
        return found
