"""Kernel files below a root: read, with the reason for each failure, or recorded."""

import os
from pathlib import Path

from zbudlab.host.frames import record_flags
from zbudlab.host.opening import is_flat, text_of
from zbudlab.io.arguments import checked

#: What `record` copies; folders with all their files.
RECORDED = (
    "proc/buddyinfo",
    "proc/zoneinfo",
    "proc/pagetypeinfo",
    "proc/vmstat",
    "proc/meminfo",
    "proc/sys/kernel/osrelease",
    "sys/module/zswap/parameters",
    "sys/kernel/debug/zswap",
    "getconf_PAGESIZE",
)
PAGE_SIZE_FILE = "getconf_PAGESIZE"  #: in a recording: the output of `getconf PAGESIZE`
LIVE = "/"


class Files:
    """The kernel's files below a root; `missing` gets a sentence for each that cannot be read.

    A file that a recording lacks says nothing about the kernel, so the reason given by the caller
    is used for the running system only.
    """

    def __init__(self, root: Path, missing: list[str]) -> None:
        self.root = root
        self.live = str(root) == LIVE
        self.flat = not self.live and is_flat(root)
        self.missing = missing

    def path(self, name: str) -> Path:
        """Return where a file is; a copy of /proc alone has all files side by side."""
        return self.root / (Path(name).name if self.flat else name)

    def _lacks(self, name: str, absent: str, lost: str) -> None:
        said = f"/{name}: {absent}" if self.live else f"not in this recording: /{name}"
        self.missing.append(f"{said}: {lost}")

    def text(self, name: str, lost: str, absent: str = "this kernel has no such file") -> str:
        """Return the text of a file, "" if it cannot be read.

        lost: what stays unknown without it. absent: why a running kernel may lack it.
        """
        try:
            return text_of(self.path(name).read_bytes())
        except PermissionError:
            self.missing.append(f"/{name}: only root may read it: {lost}")
        except OSError:
            self._lacks(name, absent, lost)
        return ""

    def optional(self, name: str) -> str:
        """Return the text of a file, "" if it cannot be read."""
        try:
            return text_of(self.path(name).read_bytes())
        except OSError:
            return ""

    def folder(self, name: str, lost: str, absent: str) -> dict[str, str]:
        """Return the texts of all files of a folder by name."""
        try:
            files = sorted(path for path in self.path(name).iterdir() if path.is_file())
            return {path.name: text_of(path.read_bytes()).strip() for path in files}
        except PermissionError:
            self.missing.append(f"/{name}: only root may read it: {lost}")
        except OSError:
            self._lacks(name, absent, lost)
        return {}


def _write(folder: Path, name: str, content: bytes) -> str:
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    return name


@checked()
def record(folder: str | Path, root: str | Path = LIVE) -> list[str]:
    """Copy the files that `read` uses to a folder. Return their names.

    kpageflags is compressed; files that cannot be read are left out. For the running system the
    page size is recorded too.
    """
    folder, root = Path(folder), Path(root)
    made = record_flags(folder, root)
    for name in RECORDED:
        source = root / name
        files = sorted(source.iterdir()) if source.is_dir() else [source]
        for file in files:
            try:
                content = file.read_bytes()
            except OSError:
                continue
            made.append(_write(folder, str(file.relative_to(root)), content))
    if str(root) == LIVE and hasattr(os, "sysconf"):
        made.append(_write(folder, PAGE_SIZE_FILE, b"%d\n" % os.sysconf("SC_PAGE_SIZE")))
    return made
