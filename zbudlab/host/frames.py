"""The use of each page frame of a Linux host, from /proc/kpageflags or its recording."""

import gzip
import zlib
from pathlib import Path

import numpy as np

#: Bits of /proc/kpageflags (include/uapi/linux/kernel-page-flags.h). The first one that is set
#: gives a frame its name; a frame without any is the kernel's.
FLAGS = (
    ("no frame", 20),
    ("broken", 19),
    ("free", 10),
    ("slab", 7),
    ("page table", 26),
    ("anonymous", 12),
    ("balloon", 23),
    ("file", 5),
)
KINDS = (*(name for name, _ in FLAGS), "kernel")
FILE = "proc/kpageflags"  #: eight bytes a frame; in a recording compressed, as FILE.gz
AT_ONCE = 1 << 20  #: frames


class DamagedFlags(OSError):
    """A recording of kpageflags is cut off or damaged."""


def kinds_of(flags: np.ndarray) -> np.ndarray:
    """Return the kinds of frames, places in KINDS, uint8 (n,), from their flags, uint64 (n,)."""
    kinds = np.full(len(flags), len(FLAGS), np.uint8)
    for number, (_, bit) in reversed(list(enumerate(FLAGS))):
        kinds[(flags >> np.uint64(bit)) & np.uint64(1) > 0] = number
    return kinds


def read_kinds(plain: Path) -> np.ndarray:
    """Read the kind of each page frame: places in KINDS, uint8 (frames,).

    plain: kpageflags, which a recording has compressed under this name and .gz. Raises OSError if
    the file cannot be read, DamagedFlags if a recording of it is cut off.
    """
    packed = plain.with_name(f"{plain.name}.gz")
    found = [np.empty(0, np.uint8)]
    try:
        with gzip.open(packed) if packed.exists() else open(plain, "rb", buffering=0) as file:
            while len(flags := np.frombuffer(file.read(8 * AT_ONCE), np.uint64)):
                found.append(kinds_of(flags))
    except (EOFError, zlib.error, gzip.BadGzipFile, ValueError) as error:
        raise DamagedFlags(f"cut off or damaged ({error})") from None
    return np.concatenate(found)


def _packed_flags(root: Path) -> bytes:
    with open(root / FILE, "rb", buffering=0) as file:
        pieces = list(iter(lambda: file.read(8 * AT_ONCE), b""))
    return gzip.compress(b"".join(pieces), 6, mtime=0)


def record_flags(folder: Path, root: Path) -> list[str]:
    """Copy kpageflags, compressed. Return the name of the file, or none if it cannot be read."""
    packed = root / f"{FILE}.gz"
    try:
        content = packed.read_bytes() if packed.exists() else _packed_flags(root)
    except OSError:
        return []
    target = folder / f"{FILE}.gz"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    return [f"{FILE}.gz"]


def joined(kinds: np.ndarray, together: int) -> np.ndarray:
    """Return the most frequent kind in each group of `together` frames, uint8."""
    cells = -(-len(kinds) // together)
    number = np.arange(len(kinds)) // together * len(KINDS) + kinds
    counts = np.bincount(number, minlength=cells * len(KINDS)).reshape(cells, len(KINDS))
    return counts.argmax(axis=1).astype(np.uint8)
