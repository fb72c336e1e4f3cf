"""Open what users supply: text in any encoding, packed logs, folders and archives of a host.

A sosreport is an archive or a folder that has one folder with the host's files; other people copy
the files of /proc side by side into one folder.
"""

import codecs
import contextlib
import lzma
import re
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from zbudlab.host.zones import HostError
from zbudlab.io.files import InputError, check_readable
from zbudlab.io.streams import TraceError, unpacked

#: Byte-order marks; PowerShell writes UTF-16 with one.
MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
TAR = re.compile(r"\.(tar(\.\w+)?|tgz|txz|tbz2?)$")
PIECE = 1 << 20  #: bytes read at a time
LARGEST = 1 << 30  #: bytes of a text, or of one file of an archive
KNOWN = "buddyinfo", "pagetypeinfo"  #: files by which the folder /proc of a recording is found


def text_of(content: bytes) -> str:
    """Return bytes as text, by their byte-order mark or as UTF-8; invalid bytes are replaced."""
    for mark, encoding in MARKS.items():
        if content.startswith(mark):
            return content.decode(encoding, "replace").removeprefix("\ufeff")
    return content.decode("utf-8", "replace")


def read_report(path: str | Path) -> str:
    """Return the text of a file, plain, .gz or .zst. Raises InputError if it cannot be read."""
    check_readable(path)
    content = bytearray()
    try:
        with unpacked(path) as file:
            while piece := file.read(PIECE):
                content += piece
                if len(content) > LARGEST:
                    raise InputError(f"cannot read {path}: it is larger than {LARGEST >> 30} GiB")
    except TraceError as error:
        raise InputError(f"cannot read {path}: it is {error}") from None
    return text_of(bytes(content))


def is_archive(path: Path) -> bool:
    """Return whether a file is a tar archive, packed or not, by its name or its content."""
    try:
        return path.is_file() and (bool(TAR.search(path.name)) or tarfile.is_tarfile(path))
    except (OSError, EOFError):
        return False


def top_of(folder: Path) -> Path:
    """Return the folder below which a recording's proc is: this one, or the only one in it."""
    if (folder / "proc").is_dir() or is_flat(folder):
        return folder
    try:
        inside = [path.parent for path in folder.glob("*/proc") if path.is_dir()]
    except OSError:
        return folder
    return inside[0] if len(inside) == 1 else folder


def is_flat(folder: Path) -> bool:
    """Return whether the files of /proc are in the folder itself."""
    return not (folder / "proc").is_dir() and any((folder / name).is_file() for name in KNOWN)


@contextlib.contextmanager
def unpacked_archive(path: Path, wanted: tuple[str, ...]) -> Iterator[Path]:
    """Unpack the wanted files of an archive into a folder for the duration of a block.

    wanted: paths of files and folders below the top of a host. Raises HostError if the archive has
    none of them or is damaged.
    """
    with tempfile.TemporaryDirectory() as folder:
        try:
            with tarfile.open(path) as archive:
                found = _unpack(archive, Path(folder), wanted)
        except (tarfile.TarError, EOFError, OSError, lzma.LZMAError, zlib.error) as error:
            raise HostError(f"{path}: the archive is damaged: {error}") from None
        if not found:
            raise HostError(
                f"{path}: this archive has neither {wanted[0]} nor other files of /proc"
            )
        yield Path(folder)


def _unpack(archive: tarfile.TarFile, folder: Path, wanted: tuple[str, ...]) -> int:
    """Write the wanted files of an archive. Return their number."""
    count = 0
    for member in archive:
        place = _place(PurePosixPath(member.name).parts, wanted)
        if not place or not member.isfile() or member.size > LARGEST:
            continue
        if source := archive.extractfile(member):
            target = folder / place
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read())
            count += 1
    return count


def _place(parts: tuple[str, ...], wanted: tuple[str, ...]) -> str:
    """Return the path of an archive's file below the top of the host, "" if it is not wanted."""
    for first in range(min(len(parts), 3)):
        path = "/".join(parts[first:])
        if ".." not in parts and any(
            path == name or path.startswith(f"{name}/") for name in wanted
        ):
            return path
    return ""
