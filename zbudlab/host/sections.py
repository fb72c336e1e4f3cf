"""Several files of /proc in one text, as `cat`, `tail -n +1` and bug reports make it.

Each line is assigned to the file that it is from by its form, because headings differ. Lines of
other files become blank in a file's text, so that line numbers remain those of the whole text.
"""

import re

from zbudlab.host.text import NUMBERS_ONLY, plain_lines

FILES = ("buddyinfo", "pagetypeinfo", "zoneinfo", "meminfo", "vmstat")
TYPED = re.compile(r"Node\s+\d+,\s*zone\s+\w+,\s*type\s")
HEADINGS = re.compile(r"Page block order|Pages per block|Free pages count|Number of mixed blocks")
TABLE = re.compile(r"Number of blocks type\s+(\S.*)")
WORDS = re.compile(r"(?:\s*[A-Z][A-Za-z]+)+")  #: the rest of that heading, wrapped
ROW = re.compile(r"Node\s+(\d+),\s*zone\s+(\w+)\s+(\d[\d\s]*)$")
ZONE_ALONE = re.compile(r"Node\s+\d+,\s*zone\s+\w+\s*$")
#: A line inside /proc/zoneinfo: a name and a number or a list, or a heading.
OF_ZONE = re.compile(r"\s*(?:per-node stats|pagesets|[a-z][\w -]*:?\s+\(?-?\d[\d, ]*\)?|cpu: \d+)$")
OF_MEMINFO = re.compile(r"[A-Z]\w*(?:\(\w+\))?:\s+\d+(?: kB)?$")
OF_VMSTAT = re.compile(r"[a-z]\w* \d+$")
#: A heading that names a file, or a rule between files.
HEADING = re.compile(
    r"/proc/\w+|^#?\s*[-=]{3,}|^#==\[|^Linux \S+ \d|\bLinux version \d|PAGE_?SIZE\b"
)


class Split:
    """The lines of a text by the file that they are from; see `split`."""

    def __init__(self) -> None:
        self.inside = ""  # the file whose lines may follow without a mark of their own
        self.columns = 0  # of the table of pageblocks that the text is in
        self.seen: set[tuple[str, str]] = set()  # zones of that table
        self.indented = False  # whether lines of the present zone of zoneinfo begin with blanks

    def file_of(self, line: str, following: str) -> str:
        """Return the file that a line is from; "" for a blank line, or a heading."""
        if not line.strip():
            return ""
        if self._of_types(line):
            return "pagetypeinfo"
        if ZONE_ALONE.search(line) and not NUMBERS_ONLY.fullmatch(following):
            self.inside, self.indented = "zoneinfo", False
            return "zoneinfo"
        if row := ROW.search(line):
            return self._of_row(row)
        return self._of_number(line)

    def _of_types(self, line: str) -> bool:
        """Return whether a line is from pagetypeinfo, and of no other file by its form."""
        if table := TABLE.search(line):
            self.inside, self.columns, self.seen = "pagetypeinfo", len(table[1].split()), set()
        elif TYPED.search(line) or HEADINGS.search(line):
            self.inside, self.columns = "pagetypeinfo", 0
        elif self.columns and not self.seen and WORDS.fullmatch(line):
            self.columns += len(line.split())
        else:
            return False
        return True

    def _of_row(self, row: re.Match) -> str:
        """Return the file of a row of numbers: the table of pageblocks has a row for each zone."""
        key, numbers = (row[1], row[2]), len(row[3].split())
        if numbers <= self.columns and key not in self.seen:
            self.seen.add(key)
            return "pagetypeinfo"
        self.inside, self.columns = "buddyinfo", 0
        return "buddyinfo"

    def _of_number(self, line: str) -> str:
        """Return the file of a line with a name and a number, and of other lines."""
        blank = line[0] in " \t"
        if OF_MEMINFO.match(line) and (line.endswith("kB") or self.inside == "meminfo"):
            self.inside = "meminfo"
        elif self.inside == "zoneinfo" and OF_ZONE.match(line) and (blank or not self.indented):
            self.indented |= blank
        elif OF_VMSTAT.match(line):
            self.inside = "vmstat"
        elif HEADING.search(line):
            self.inside, self.columns = "", 0
        elif self.inside in ("zoneinfo", "meminfo", "vmstat"):
            self.inside = ""
            return "buddyinfo"
        else:
            return "buddyinfo" if self.inside != "pagetypeinfo" else self.inside
        return self.inside


def split(text: str) -> dict[str, str]:
    """Return the text of each file of FILES in a text; "" for one that has no line in it.

    Lines that belong to none of them remain in buddyinfo, or in pagetypeinfo after a line of it,
    whose parsers join wrapped lines and count the rest.
    """
    lines, state = plain_lines(text), Split()
    places = [state.file_of(*pair) for pair in zip(lines, [*lines[1:], ""], strict=True)]
    parts = {}
    for name in FILES:
        kept = (line if place == name else "" for line, place in zip(lines, places, strict=True))
        parts[name] = "\n".join(kept) if name in places else ""
    return parts
