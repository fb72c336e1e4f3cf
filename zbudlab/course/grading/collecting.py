"""Submissions as learning platforms export them: folders in folders, zips in zips, any names.

Everything is read into memory within bounds, and nothing is ever unpacked to disk.
"""

import hashlib
import io
import re
import sys
import unicodedata
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from zbudlab.course.contract import EXERCISES
from zbudlab.course.grading.notebook import MAX_BYTES, Unreadable, read

MAX_FILES = 20_000  #: of a zip
MAX_TOTAL = 2 << 30  #: bytes of a zip, unpacked, zips in it and all
MAX_INNER = 256 << 20  #: the same of a zip in a zip
MAX_DEPTH = 3  #: zips in zips
MAX_NAME = 180  #: bytes of a student's name, which with an ending is to fit a file system
MAX_PLACE = 1000  #: bytes of a name in a zip, folders and all
MAX_FOLDERS = 20  #: in such a name
SHOWN = 60  #: characters of a name that is too long
MAX_PACKED = 64 << 20  #: bytes of a zip in a zip

#: Parts of names that say nothing of the student.
_NOISE = re.compile(
    r"assignsubmission_file_?|onlinetext_?|submissions?|submitted|attempt_[\d-]+|\(\d+\)|"
    r"(?:\b|_)late(?=\b|_)",
    re.IGNORECASE,
)
#: A folder that Moodle made for one person.
_PERSON = re.compile(r"_assignsubmission_(?:file|onlinetext)_?$")
#: What a platform counts submissions by, so that the next assignment has another number: Moodle's
#: number after a person, Canvas's after a name and the person's own number.
_MOODLE = re.compile(r"_\d+(?=_assignsubmission_(?:file|onlinetext)_?$)")
_CANVAS = re.compile(r"^(?!e0?[1-9]_)([^\W\d_][^_]*)(?:_late)?_(\d+)_\d{3,}_", re.IGNORECASE)
_AGAIN = re.compile(r"-\d{1,2}$")  #: Canvas's mark of a file that came again
_EXERCISE = re.compile(r"(?:^|[^a-z0-9])(e0?[1-9])(?![a-z0-9])", re.IGNORECASE)


@dataclass(frozen=True)
class Found:
    """A file that somebody handed in. trouble: why it cannot even be read, "" if it can."""

    name: str  # its place: folders, zips and all
    parts: list[str]  # what that tells of who handed it in
    exercise: str  # which, as far as it or its place tells; or ""
    data: bytes = b""
    trouble: str = ""
    student: str = ""  # one name, see `named`
    lasting: list[str] = field(default_factory=list)  # parts without the submission's number

    @property
    def digest(self) -> str:
        """SHA-256 of the content."""
        return hashlib.sha256(self.data).hexdigest()


def exercise_in(name: str) -> str:
    """The exercise that a file or folder name tells; "" for none, or for two."""
    whole = [found for found in EXERCISES if found in name.lower()]
    if not whole:
        short = [match.lower().replace("e0", "e") for match in _EXERCISE.findall(name)]
        whole = [e for e in EXERCISES if e.partition("_")[0].replace("e0", "e") in short]
    return whole[0] if len(whole) == 1 else ""


def _without_submission(part: str) -> str:
    """A place without the submission's number, and without Canvas's mark that it came again."""
    if _CANVAS.match(part):
        return _AGAIN.sub("", _CANVAS.sub(r"\1_\2_", part))
    return _MOODLE.sub("", part)


def name_parts(name: str, lasting: bool = False) -> list[str]:
    """What a place says beside the exercise and the platform's words: who handed it in, perhaps.

    lasting: without the number of the submission.
    """
    parts: list[str] = []
    places = re.sub(r"\.(ipynb|zip)(?=/|$)", "", name).split("/")
    for part in [place for place in places if _PERSON.search(place)][:1] or places:
        part = _without_submission(part) if lasting else part
        for exercise in EXERCISES:
            part = re.sub(exercise, " ", part, flags=re.IGNORECASE)
        part = _EXERCISE.sub(" ", _NOISE.sub(" ", part))
        part = re.sub(r"(?:[^\w.@+-]|_)+", "_", part).strip("_-.+")
        if part and part not in parts:
            parts.append(part)
    return parts


@dataclass
class _Left:
    """Bytes that may still be unpacked from a zip; below 0 when there were more."""

    limit: int
    count: int


def _found(name: str, data: bytes = b"", trouble: str = "") -> Found:
    name = name.encode("utf-8", "replace").decode()  # of a name that is no text, what can be shown
    exercise = _told(data) or exercise_in(name)
    return Found(name, name_parts(name), exercise, data, trouble, lasting=name_parts(name, True))


def _told(data: bytes) -> str:
    """The exercise that a notebook says it is; "" where it says none, or is none."""
    try:
        return read(data).exercise
    except Unreadable:
        return ""


def _is_clutter(name: str) -> bool:
    parts = name.split("/")
    return any(part.startswith(".") or part == "__MACOSX" for part in parts)


def _in_zip(name: str, file: io.BufferedIOBase, depth: int, left: _Left) -> Iterator[Found]:
    """The submissions in a zip, or one entry that says why there are none.

    Zips in it come last: whoever hands in one that never ends takes no room from the others.
    """
    if depth > MAX_DEPTH:
        yield _found(name, trouble=f"zips in zips, more than {MAX_DEPTH} deep")
        return
    try:
        with zipfile.ZipFile(file) as archive:
            members = sorted(archive.infolist(), key=_is_zip)
            if len(members) > MAX_FILES:
                yield _found(name, trouble=f"a zip of {len(members)} files, more than {MAX_FILES}")
                return
            for member in members:
                yield from _member(name, archive, member, depth, left)
                if left.count < 0:
                    more = f"a zip of more than {left.limit >> 20} MB: not all of it was read"
                    yield _found(name, trouble=more)
                    return
    except (zipfile.BadZipFile, OSError, EOFError, ValueError):
        yield _found(name, trouble="a zip that is damaged")


def _is_zip(member: zipfile.ZipInfo) -> bool:
    return member.filename.lower().endswith(".zip")


def _member(
    zip_name: str, archive: zipfile.ZipFile, member: zipfile.ZipInfo, depth: int, left: _Left
) -> Iterator[Found]:
    name = member.filename.replace("\\", "/")
    kind = Path(name).suffix.lower()
    if member.is_dir() or _is_clutter(name.replace("..", "")) or kind not in (".ipynb", ".zip"):
        return
    if len(name.encode("utf-8", "replace")) > MAX_PLACE or name.count("/") > MAX_FOLDERS:
        limits = f"{MAX_PLACE} bytes or {MAX_FOLDERS} folders"
        yield _found(f"{zip_name}/{name[:SHOWN]} ...", trouble=f"a name of more than {limits}")
        return
    where = f"{zip_name}/{name}"
    if ".." in name.split("/") or name.startswith("/"):
        yield _found(where, trouble="a name in a zip that leads out of it")
        return
    if member.external_attr >> 16 & 0o170000 == 0o120000:
        yield _found(where, trouble="a link, not a file")
        return
    limit = MAX_BYTES if kind == ".ipynb" else MAX_PACKED
    try:
        with archive.open(member) as file:
            data = file.read(limit + 1)
    except (RuntimeError, NotImplementedError, zipfile.BadZipFile, OSError, EOFError):
        yield _found(where, trouble="a file in a zip that is damaged, or locked by a password")
        return
    except Exception as error:  # zlib, lzma and others have errors of their own
        yield _found(where, trouble=f"a file in a zip that is damaged ({type(error).__name__})")
        return
    left.count -= len(data)
    if len(data) > limit:
        yield _found(where, trouble=f"the file has more than {limit >> 20} MB")
    elif kind == ".ipynb":
        yield _found(where, data)
    elif left.count >= 0:
        room = min(MAX_INNER, left.count)
        inner = _Left(room, room)
        yield from _in_zip(where, io.BytesIO(data), depth + 1, inner)
        left.count -= room - inner.count


def _file(path: Path, name: str) -> Iterator[Found]:
    kind = path.suffix.lower()
    if path.is_symlink():
        yield _found(name, trouble="a link, not a file")
    elif kind == ".zip":
        with open(path, "rb") as file:
            yield from _in_zip(name, file, 1, _Left(MAX_TOTAL, MAX_TOTAL))
    elif path.stat().st_size > MAX_BYTES:
        yield _found(name, trouble=f"the file has more than {MAX_BYTES >> 20} MB")
    else:
        yield _found(name, path.read_bytes())


def _places(folder: Path) -> Iterator[Path]:
    """Notebooks and zips below a folder, links not followed."""
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name == "__MACOSX":
            continue
        if path.is_dir() and not path.is_symlink():
            yield from _places(path)
        elif path.suffix.lower() in (".ipynb", ".zip"):
            yield path


def collected(places: Iterable[str | Path]) -> list[Found]:
    """Everything handed in at these places, files or folders. FileNotFoundError if one is not."""
    found: list[Found] = []
    for place in map(Path, places):
        if place.is_dir():
            for path in _places(place):
                found += _file(path, path.relative_to(place).as_posix())
        elif place.exists():
            # A zip as it is exported is named after the course, not after a student.
            inner = list(_file(place, place.name))
            if place.suffix.lower() == ".zip" and len(inner) > 1:
                head = len(place.name) + 1
                inner = [_found(i.name[head:] or i.name, i.data, i.trouble) for i in inner]
            found += inner
        else:
            raise FileNotFoundError(f"there is no {place} to grade")
    return named(found)


def _short(name: str) -> str:
    """A name that fits a file system; of a long one a part and a hash."""
    name = unicodedata.normalize("NFC", name)
    data = name.encode()
    if len(data) <= MAX_NAME:
        return name
    head = data[: MAX_NAME - 9].decode(errors="ignore")
    return f"{head}-{hashlib.sha256(data).hexdigest()[:8]}"


def _came_again(item: Found) -> bool:
    """Whether Canvas says that this file replaces another."""
    stem = Path(item.name).stem
    return bool(_CANVAS.match(stem) and _AGAIN.search(stem))


def _by_person(found: list[Found]) -> list[Found]:
    """The same without submissions' numbers, but where they alone tell two people apart.

    They do where one exercise has two of them with the same name: then that name keeps them.
    """
    numbers: dict[tuple[tuple[str, ...], str], set[tuple[str, ...]]] = defaultdict(set)
    for item in found:
        if not _came_again(item):
            numbers[tuple(item.lasting), item.exercise].add(tuple(item.parts))
    shared = {name for (name, _), those in numbers.items() if len(those) > 1}
    for name in sorted(shared):
        print(
            f"zbudlab: {'-'.join(name)} handed in one exercise under several numbers: these are "
            "taken for several people, a student for each number",
            file=sys.stderr,
        )
    return [i if tuple(i.lasting) in shared else replace(i, parts=i.lasting) for i in found]


def named(found: list[Found]) -> list[Found]:
    """The same with their students: as much of a name, from outside, as tells students apart.

    A folder that holds one exercise several times is no student's but a group's, so there what is
    in it counts too. A notebook that tells no exercise may be any. Where names say nothing, there
    is a number.
    """
    found = _by_person(found)
    within: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for item in found:
        for end in range(1, len(item.parts) + 1):
            within[tuple(item.parts[:end])].append(item.exercise)
    result = []
    for number, item in enumerate(found, 1):
        parts = item.parts
        for end in range(1, len(parts)):
            told = within[tuple(parts[:end])]
            if len(told) == 1 or ("" not in told and told.count(item.exercise) == 1):
                parts = parts[:end]
                break
        result.append(replace(item, student=_short("-".join(parts)) or f"unknown-{number}"))
    return result
