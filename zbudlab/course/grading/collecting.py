"""Submissions as learning platforms export them: folders in folders, zips in zips, any names.

Everything is read into memory within bounds, and nothing is ever unpacked to disk.
"""

import io
import os
import stat
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from zbudlab.course.grading.names import Found, found_at, named
from zbudlab.course.grading.notebook import MAX_BYTES, Unreadable, read

MAX_FILES = 20_000  #: of a zip
MAX_TOTAL = 2 << 30  #: bytes of a zip, unpacked, zips in it and all
MAX_INNER = 256 << 20  #: the same of a zip in a zip
MAX_DEPTH = 3  #: zips in zips
MAX_PLACE = 1000  #: bytes of a name in a zip, folders and all
MAX_FOLDERS = 20  #: in such a name
SHOWN = 60  #: characters of a name that is too long
MAX_PACKED = 64 << 20  #: bytes of a zip in a zip


@dataclass
class _Left:
    """Bytes that may still be unpacked from a zip; below 0 if there were more."""

    limit: int
    count: int


def _found(name: str, data: bytes = b"", trouble: str = "") -> Found:
    return found_at(name, data, trouble, _told(data))


def _told(data: bytes) -> str:
    """Return the exercise that a notebook names, or ""."""
    try:
        return read(data).exercise
    except Unreadable:
        return ""


def _is_clutter(name: str) -> bool:
    parts = name.split("/")
    return any(part.startswith(".") or part == "__MACOSX" for part in parts)


def _in_zip(name: str, file: io.BufferedIOBase, depth: int, left: _Left) -> Iterator[Found]:
    """Return the submissions in a zip, or one entry that says why there are none.

    Zips in it come last, so that a zip bomb takes no room from other submissions.
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


def _refusal(name: str, member: zipfile.ZipInfo) -> str:
    """Return why a member of a zip is refused for its name or kind; "" if it is not."""
    if ".." in name.split("/") or name.startswith("/"):
        return "a name in a zip that leads out of it"
    kind = stat.S_IFMT(member.external_attr >> 16)
    return "" if kind in (0, stat.S_IFREG) else _no_file(kind)


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo, limit: int) -> bytes | str:
    """Return up to `limit` + 1 bytes of a member of a zip, or why it cannot be read."""
    try:
        with archive.open(member) as file:
            return file.read(limit + 1)
    except (RuntimeError, NotImplementedError, zipfile.BadZipFile, OSError, EOFError):
        return "a file in a zip that is damaged, or locked by a password"
    except Exception as error:  # zlib, lzma and others have their own errors
        return f"a file in a zip that is damaged ({type(error).__name__})"


def _member(
    zip_name: str, archive: zipfile.ZipFile, member: zipfile.ZipInfo, depth: int, left: _Left
) -> Iterator[Found]:
    """Yield the submissions in a member of a zip, or one entry that says why there are none."""
    name = member.filename.replace("\\", "/")
    kind = Path(name).suffix.lower()
    if member.is_dir() or _is_clutter(name.replace("..", "")) or kind not in (".ipynb", ".zip"):
        return
    if len(name.encode("utf-8", "replace")) > MAX_PLACE or name.count("/") > MAX_FOLDERS:
        limits = f"{MAX_PLACE} bytes or {MAX_FOLDERS} folders"
        yield _found(f"{zip_name}/{name[:SHOWN]} ...", trouble=f"a name of more than {limits}")
        return
    where = f"{zip_name}/{name}"
    limit = MAX_BYTES if kind == ".ipynb" else MAX_PACKED
    data = _refusal(name, member) or _unpacked(archive, member, limit)
    if isinstance(data, str):
        yield _found(where, trouble=data)
        return
    left.count -= len(data)
    if len(data) > limit:
        yield _found(where, trouble=f"the file has more than {limit >> 20} MB")
    elif kind == ".ipynb":
        yield _found(where, data)
    elif left.count >= 0:
        yield from _inner_zip(where, data, depth, left)


def _inner_zip(where: str, data: bytes, depth: int, left: _Left) -> Iterator[Found]:
    """Yield the submissions in a zip inside a zip, within the room that is left."""
    room = min(MAX_INNER, left.count)
    inner = _Left(room, room)
    yield from _in_zip(where, io.BytesIO(data), depth + 1, inner)
    left.count -= room - inner.count


def _file(path: Path, name: str) -> Iterator[Found]:
    """Yield the submissions in a file of a folder, or one entry that says why there are none."""
    try:
        mode = path.lstat().st_mode
        if not stat.S_ISREG(mode):
            yield _found(name, trouble=_no_file(mode))
            return
        with _opened(path) as file:
            mode = os.fstat(file.fileno()).st_mode
            if not stat.S_ISREG(mode):
                yield _found(name, trouble=_no_file(mode))
            elif path.suffix.lower() == ".zip":
                yield from _in_zip(name, file, 1, _Left(MAX_TOTAL, MAX_TOTAL))
            else:
                yield _notebook(name, file.read(MAX_BYTES + 1))
    except OSError as error:
        yield _found(name, trouble=_unreadable("file", error))


def _notebook(name: str, data: bytes) -> Found:
    if len(data) > MAX_BYTES:
        return _found(name, trouble=f"the file has more than {MAX_BYTES >> 20} MB")
    return _found(name, data)


def _unreadable(what: str, error: OSError) -> str:
    return f"a {what} that cannot be read ({error.strerror or type(error).__name__})"


def _no_file(mode: int) -> str:
    what = "link" if stat.S_ISLNK(mode) else "pipe, socket or device"
    return f"a {what}, not a file"


def _opened(path: Path) -> io.BufferedReader:
    """Open a file without following a link and without waiting for a pipe; OSError for a link.

    Later calls examine and read this one file, even if its path leads elsewhere by then.
    """
    flags = sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"))
    return open(path, "rb", opener=lambda name, _: os.open(name, os.O_RDONLY | flags))


def _places(folder: Path, top: Path, depth: int = 0) -> Iterator[Found]:
    """Yield what is handed in below a folder, without following links.

    A folder that cannot be read or is nested too deeply becomes an entry that says so.
    """
    name = folder.relative_to(top).as_posix()
    if depth > MAX_FOLDERS:
        yield _found(name, trouble=f"a folder in more than {MAX_FOLDERS} others")
        return
    try:
        inside = sorted(folder.iterdir())
    except OSError as error:
        if not depth:
            raise
        yield _found(name, trouble=_unreadable("folder", error))
        return
    for path in inside:
        if path.name.startswith(".") or path.name == "__MACOSX":
            continue
        if path.is_dir() and not path.is_symlink():
            yield from _places(path, top, depth + 1)
        elif path.suffix.lower() in (".ipynb", ".zip"):
            yield from _file(path, path.relative_to(top).as_posix())


def collected(places: Iterable[str | Path]) -> list[Found]:
    """Return everything submitted at these places; FileNotFoundError for a missing one."""
    found: list[Found] = []
    for place in map(Path, places):
        if place.is_dir():
            found += _places(place, place)
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
