"""Find the student and the exercise of a submission from names of folders and files.

Names are normalised (NFC) first. Names are used in file names and in a gradebook, so most
punctuation becomes an underscore. Two names that would become equal are kept distinct.
"""

import hashlib
import re
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from zbudlab.course.contract import EXERCISES
from zbudlab.io.values import JOINERS, printable

MAX_NAME = 180  #: bytes of a student's name, which with an ending is to fit a file system

#: Parts of names that say nothing of the student.
_NOISE = re.compile(
    r"assignsubmission_file_?|onlinetext_?|submissions?|submitted|attempt_[\d-]+|\(\d+\)|"
    r"(?:\b|_)late(?=\b|_)",
    re.IGNORECASE,
)
#: How platforms name what one person handed in, a folder or a file: the person (with the person's
#: number, on Canvas), then the number of the submission, which is another in the next assignment.
_PLATFORMS = (
    # Moodle: Jane Doe_1234567_assignsubmission_file_
    re.compile(r"^(?P<name>.+)_(?P<number>\d+)_assignsubmission_(?:file|onlinetext)(?:_.*)?$"),
    # Canvas: doejane_LATE_4711_98765_e04_zbud-1
    re.compile(
        r"^(?!e0?[1-9]_)(?P<name>[^\W\d_][^_]*(?:_late)?_\d+)_(?P<number>\d{3,})_.+$",
        re.IGNORECASE,
    ),
    # Blackboard: gradebook_ZBUD101_Exercise204_jdoe_attempt_2026-11-30-10-20-30_e04_zbud
    re.compile(r"^(?:.*_)?(?P<name>[^_]+)_attempt_\d{4}(?:-\d{2}){5}(?:_.*)?$"),
)
_CANVAS = _PLATFORMS[1]
_AGAIN = re.compile(r"-\d{1,2}$")  #: Canvas's mark of a file that came again
_EXERCISE = re.compile(r"(?:^|[^a-z0-9])(e0?[1-9])(?![a-z0-9])", re.IGNORECASE)


class NamePart(str):
    """A part of a student's name as used here. raw: the original, except for separators."""

    raw: str

    def __new__(cls, text: str, raw: str) -> "NamePart":
        part = super().__new__(cls, text)
        part.raw = raw
        return part


@dataclass(frozen=True)
class Found:
    """A file that was handed in. trouble: why it cannot even be read, "" if it can."""

    name: str  # its place: folders, zips and all
    parts: list[NamePart]  # what that tells of who handed it in
    exercise: str  # which, as far as it or its place tells; or ""
    data: bytes = b""
    trouble: str = ""
    student: str = ""  # one name, see `named`
    lasting: list[NamePart] = field(default_factory=list)  # parts without the submission's number

    @property
    def digest(self) -> str:
        """SHA-256 of the content."""
        return hashlib.sha256(self.data).hexdigest()


def normalised(name: str) -> str:
    """Return a name in NFC, with characters that are not valid text replaced."""
    return unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode())


def exercise_in(name: str) -> str:
    """Return the exercise that a file or folder name names; "" if it names none or two."""
    whole = [found for found in EXERCISES if found in name.lower()]
    if not whole:
        short = [match.lower().replace("e0", "e") for match in _EXERCISE.findall(name)]
        whole = [e for e in EXERCISES if e.partition("_")[0].replace("e0", "e") in short]
    return whole[0] if len(whole) == 1 else ""


def _kept(character: str) -> bool:
    """Return whether a character of a name is kept: letters with their marks, and a few others."""
    return (
        character.isalnum()
        or character in ".@+-"
        or character in JOINERS
        or unicodedata.category(character) in ("Mn", "Mc")
    )


def _part(text: str) -> NamePart:
    """Return a part of a name without words that do not name the student, or ""."""
    for exercise in EXERCISES:
        text = re.sub(exercise, " ", text, flags=re.IGNORECASE)
    text = _EXERCISE.sub(" ", _NOISE.sub(" ", text))
    clean = re.sub("_+", "_", "".join(c if _kept(c) else "_" for c in text))
    raw = re.sub(r"[\s_]+", "_", text).strip("_-.+")
    return NamePart(clean.strip("_-.+").lstrip("@_-.+"), raw)


def _by_platform(place: str, lasting: bool) -> str | None:
    """Return the person named in a platform's folder or file name, or None."""
    for pattern in _PLATFORMS:
        found = pattern.match(place)
        if found:
            numbered = "number" in found.groupdict() and not lasting
            return f"{found['name']}_{found['number']}" if numbered else found["name"]
    return None


def name_parts(name: str, lasting: bool = False) -> list[NamePart]:
    """Return the parts of a path that are neither the exercise nor the platform's words.

    lasting: leave out the number of the submission.
    """
    places = re.sub(r"\.(ipynb|zip)(?=/|$)", "", name, flags=re.IGNORECASE).split("/")
    people = [person for place in places if (person := _by_platform(place, lasting)) is not None]
    parts: list[NamePart] = []
    for text in people[:1] or places:
        part = _part(text)
        if part and part not in parts:
            parts.append(part)
    return parts


def _short(name: str) -> str:
    """Return a name that fits into a file name; a long one is cut and gets a hash."""
    data = name.encode()
    if len(data) <= MAX_NAME:
        return name
    head = data[: MAX_NAME - 9].decode(errors="ignore")
    return f"{head}-{hashlib.sha256(data).hexdigest()[:8]}"


def _came_again(item: Found) -> bool:
    """Return whether Canvas says that this file replaces another."""
    stem = Path(item.name).stem
    return bool(_CANVAS.match(stem) and _AGAIN.search(stem))


def _tell(sentence: str) -> None:
    print(f"zbudlab: {printable(sentence)}", file=sys.stderr)


def _by_person(found: list[Found]) -> list[Found]:
    """Return the names without submission numbers, except where these distinguish two people.

    They do if an exercise has two submissions under one name.
    """
    numbers: dict[tuple[tuple[str, ...], str], set[tuple[str, ...]]] = defaultdict(set)
    for item in found:
        if not _came_again(item):
            numbers[tuple(item.lasting), item.exercise].add(tuple(item.parts))
    shared = {name for (name, _), those in numbers.items() if len(those) > 1}
    for name in sorted(shared):
        _tell(
            f"{'-'.join(name)} handed in one exercise under several numbers: these are "
            "taken for several people, a student for each number"
        )
    return [i if tuple(i.lasting) in shared else replace(i, parts=i.lasting) for i in found]


def _kept_apart(found: list[Found]) -> list[Found]:
    """Return the names, changed where two different ones became equal.

    Upper and lower case count as equal, as some file systems ignore case: one page of feedback
    would replace the other.
    """
    raw: dict[str, dict[str, NamePart]] = defaultdict(dict)
    for part in (part for item in found for part in item.parts):
        raw[part.casefold()].setdefault(part.raw, part)
    twofold = {folded: parts for folded, parts in raw.items() if len(parts) > 1}
    for _, parts in sorted(twofold.items()):
        told = " and ".join(repr(name) for name in sorted(parts))
        _tell(
            f"{told} would both be called {min(parts.values())}: they are kept apart by an ending"
        )

    def apart(part: NamePart) -> NamePart:
        if part.casefold() not in twofold:
            return part
        return NamePart(f"{part}-{hashlib.sha256(part.raw.encode()).hexdigest()[:4]}", part.raw)

    return [replace(item, parts=[apart(part) for part in item.parts]) for item in found]


def named(found: list[Found]) -> list[Found]:
    """Return the files with their students.

    A student's name is the shortest leading part of a path that distinguishes students. A folder
    that contains one exercise several times belongs to a group, so the names inside it count as
    well. A notebook that names no exercise may be any. Where names say nothing, students are
    numbered.
    """
    found = _kept_apart(_by_person(found))
    within: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for item in found:
        for end in range(1, len(item.parts) + 1):
            within[tuple(item.parts[:end])].append(item.exercise)
    return [replace(item, student=_student(item, n, within)) for n, item in enumerate(found, 1)]


def _student(item: Found, number: int, within: dict[tuple[str, ...], list[str]]) -> str:
    """Return the name of the student of a file. within: the exercises in each folder."""
    parts = item.parts
    for end in range(1, len(parts)):
        told = within[tuple(parts[:end])]
        if len(told) == 1 or ("" not in told and told.count(item.exercise) == 1):
            parts = parts[:end]
            break
    return _short("-".join(parts)) or f"unknown-{number}"


def students_of(names: Iterable[str]) -> list[str]:
    """Return the student assigned to each of these file names."""
    return [item.student for item in named([found_at(name) for name in names])]


def found_at(name: str, data: bytes = b"", trouble: str = "", exercise: str = "") -> Found:
    """Return a file with the facts in its name. exercise: the one that its content names."""
    name = normalised(name)
    shown = printable(name)
    parts, lasting = name_parts(name), name_parts(name, True)
    return Found(shown, parts, exercise or exercise_in(name), data, trouble, lasting=lasting)
