"""Kernel text as people record and send it, restored to its plain form.

Mail programs wrap lines and encode them, terminals and logs put prompts, timestamps and quote marks
before them, and several recordings may follow one another in one file.
"""

import quopri
import re
from collections.abc import Callable, Iterable
from typing import TypeVar

from zbudlab.io.streams import Malformed

Entry = TypeVar("Entry")

#: What logs, terminals and mail programs put before a line of the kernel.
PREFIX = re.compile(
    r"""^(?:\s*(?:
        [>|]                                                # quoted mail
      | <\d{1,3}>                                           # level
      | \d+,\d+,\d+,[^;\s]*;                                # /dev/kmsg
      | kern\s*:\s*\w+\s*:                                  # dmesg -x
      | \d\d-\d\d\s[\d:.]{8,15}(?:\s+\d+\s+\d+\s[A-Z]\s[^:]*:)?   # logcat
      | \d{4}-\d\d-\d\d[T ][\d:.,]+(?:Z|[+-][\d:]+)?        # ISO time
      | (?:[A-Z][a-z]{2}\s+)?[A-Z][a-z]{2}\s+\d{1,2}\s[\d:.]{8,15}(?:\s\d{4})?\s\S+  # syslog
      | (?:\S+\s)?kernel:
      | \[\s*\+?\d+\.\d+(?:[,@]\d+|s)?\]                    # dmesg
      | \[pid:\d+,cpu\d+[^\]]*\]                            # Huawei: processor, task
      | \[[A-Z][a-z]{2}[\s\d][^\]]*\d\d:\d\d[^\]]*\]         # dmesg -T, -e
      | \[\s*[TC]\d+\]                                      # thread or processor
      | [A-Z]?\[\s*\d+:[^\]:]*(?::[^\]:]*)?:\s*\d+\]          # Samsung: processor, task
      | \(\d+\)\s?\[\d+:[^\]]*\]                            # MediaTek: processor, task
      | c\d+\s+\d+(?:\s+\([^)]*\))?(?=\s)                   # Unisoc: processor, task
    ))+\s*""",
    re.VERBOSE,
)
#: What only quoted-printable mail has: an equals sign, or a long line that goes on.
ENCODED = re.compile(r"=3D|^.{69,}=\r?$", re.MULTILINE)
#: An equals sign or a long line that such mail cannot have.
NOT_ENCODED = re.compile(r"=(?![0-9A-F]{2}|\r?\n|$)|^.{90,}$", re.MULTILINE)
#: A unit or a block that a terminal cut at its last column.
HEADING = "Number of blocks type"
COLOUR = re.compile(r"\x1b\[[\d;]*[A-Za-z]")  #: dmesg --color
CUT = re.compile(r"(?<=\d[kK])\n(?=B\b)|(?<=\d\*)\n(?=\d+kB)")
NUMBERS_ONLY = re.compile(r"[\s\d>]*\d\s*")
WORDS_ONLY = re.compile(r"(?:\s*[A-Z][A-Za-z]+)+")
UNFINISHED = re.compile(r"Node\s+\d+,(\s*zone(\s+\S+)?(,(\s*type)?(\s+\S+)?)?)?\s*$")
#: A shell command, or a prompt with a user and a host.
COMMAND = re.compile(
    r"[$#%>]\s*(?:sudo\s+)?(?:cat|dmesg|grep|tail|head|less)\b|^\S+@\S+\s?\S*[$#%>]"
)


def decoded(text: str) -> str:
    """Return the text of a mail that is encoded as quoted-printable; other text as it is."""
    if NOT_ENCODED.search(text) or not ENCODED.search(text):
        return text
    plain = quopri.decodestring(text.encode()).decode("utf-8", "replace")
    return plain.replace("\xa0", " ")


def plain_lines(text: str) -> list[str]:
    """Return the lines of a text without line ends, prompts, timestamps and quote marks."""
    lines = COLOUR.sub("", decoded(text)).replace("\0", " ").splitlines()
    return [PREFIX.sub("", line).rstrip() for line in lines]


def plain_text(text: str) -> str:
    """Return plain lines as one text, with units and blocks that were cut in two joined again."""
    return CUT.sub("", "\n".join(plain_lines(text)))


def numbered_lines(text: str) -> list[tuple[int, str]]:
    """Return plain lines with their line numbers; wrapped lines are joined.

    A line continues the line before it if it has only numbers or if that line ends early; a
    heading of columns continues with words only.
    """
    joined: list[tuple[int, str]] = []
    for number, line in enumerate(plain_lines(text), 1):
        before = joined[-1][1] if joined else ""
        numbers = NUMBERS_ONLY.fullmatch(line) and "Node" in before
        words = WORDS_ONLY.fullmatch(line) and HEADING in before
        if line and before and (numbers or words or UNFINISHED.search(before)):
            joined[-1] = joined[-1][0], f"{before} {line.strip()}"
        else:
            joined.append((number, line))
    return joined


def unread(lines: Iterable[tuple[int, str]], known: Callable[[str], object]) -> Malformed:
    """Return the lines that are not understood, without blank lines and shell commands."""
    found = Malformed()
    for number, line in lines:
        if line.strip() and not known(line) and not COMMAND.search(line):
            found.add(number, line)
    return found


def last_dump(entries: list[Entry], key: Callable[[Entry], object]) -> tuple[list[Entry], int]:
    """Return the entries of the last dump, and how many dumps there are.

    A new dump begins where a key repeats.
    """
    dumps: list[list[Entry]] = [[]]
    seen: set[object] = set()
    for entry in entries:
        if key(entry) in seen:
            dumps.append([])
            seen = set()
        seen.add(key(entry))
        dumps[-1].append(entry)
    return dumps[-1], len(dumps)
