"""Student numbers: those that notebooks set, and those of a roster.

A notebook is read as data here; nothing in it is run or compiled.
"""

import csv
import io
import re
import tokenize
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

from zbudlab.io.files import check_readable
from zbudlab.io.values import shown

LONGEST_CELL = 100_000  #: characters of a cell that is looked through for a number
LONGEST_NUMBER = 12  #: digits
_NUMBER = re.compile(rf"""["']?(\d{{1,{LONGEST_NUMBER}}})["']?""")
_SET = re.compile(r"^[ \t]*STUDENT\s*=(?!=)", re.MULTILINE)
_ASSIGNS = ("=", ":", "+=", "-=", "*=", "//=", "%=", "|=", "^=", "&=", "<<=", ">>=", ",")
_IGNORED = (tokenize.NL, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT)


class BadRoster(ValueError):
    """A roster that cannot be used; the message says why."""


def _statements(source: str) -> Iterator[list[tokenize.TokenInfo]]:
    """Yield the tokens of each logical line, as far as the source is valid Python."""
    line: list[tokenize.TokenInfo] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.NEWLINE:
                yield line
                line = []
            elif token.type not in _IGNORED:
                line.append(token)
    except (tokenize.TokenError, SyntaxError):
        pass
    yield line


def _settings(source: str) -> Iterator[str]:
    """Yield the value of each `STUDENT = ...` in a cell, as text."""
    for line in _statements(source):
        words = [token.string for token in line]
        if words[:1] == ["STUDENT"] and len(words) > 1 and words[1] in _ASSIGNS:
            yield " ".join(words[2:]) if words[1] == "=" else "something else"


def own_number(cells: Iterable[str]) -> tuple[int, tuple[str, ...]]:
    """Return the student number that code cells set, or 0, and what is odd about it."""
    remarks: list[str] = []
    numbers: list[int] = []
    for cell in cells:
        found = list(_settings(cell)) if "STUDENT" in cell and len(cell) <= LONGEST_CELL else []
        if len(_SET.findall(cell)) > len(found):
            remarks.append("a student number in a text, or in a cell other than Python, is ignored")
        for text in found:
            match = _NUMBER.fullmatch(text)
            if not match:
                remarks.append("the student number is set to something that is not a number")
            elif text[0] in "\"'":
                remarks.append(f"the student number {match[1]} is written as a text")
            numbers.append(int(match[1]) if match else 0)
    if len(set(numbers)) > 1:
        told = ", then ".join(str(number) for number in numbers)
        remarks.append(f"the student number is set more than once: {told}")
    return (numbers[-1] if numbers else 0), tuple(dict.fromkeys(remarks))


class Roster:
    """The student numbers of a course, with names where the roster has them."""

    def __init__(self, names: dict[int, str]) -> None:
        self.names = names

    @classmethod
    def read(cls, path: str | Path) -> "Roster":
        """Read a roster: one number per line, or CSV with a column `number` and perhaps `student`.

        Columns are separated by commas, semicolons or tabs. Raise BadRoster if it has no number.
        """
        rows = _rows(path)
        columns = [cell.strip().lower() for cell in rows[0]] if rows else []
        number = columns.index("number") if "number" in columns else 0
        student = columns.index("student") if "student" in columns else -1
        names = {}
        for place, row in enumerate(rows):
            cell = row[number].strip() if number < len(row) else ""
            if cell.isdecimal() and len(cell) <= LONGEST_NUMBER:
                names[int(cell)] = row[student].strip() if 0 <= student < len(row) else ""
            elif place:  # the first may be a heading
                raise BadRoster(
                    f"the roster {path}: {shown(cell)} in row {place + 1} is not a number"
                )
        if not names:
            raise BadRoster(f"the roster {path} has no student number")
        return cls(names)

    def remark(self, number: int, student: str) -> str:
        """Return what contradicts a student's number according to the roster, or ""."""
        if not number:
            return ""
        if number not in self.names:
            return f"the number {number} is not on the roster"
        name = self.names[number]
        if name and _letters(name) != _letters(student):
            return f"by the roster, the number {number} is that of {name}"
        return ""


def _rows(path: str | Path) -> list[list[str]]:
    """Return the nonempty rows of a CSV file. Raises BadRoster for other files."""
    try:
        text = check_readable(path).read_bytes().decode("utf-8-sig")
        head = text.partition("\n")[0]
        delimiter = max(",;\t", key=head.count)
        return [row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if any(row)]
    except UnicodeDecodeError:
        raise BadRoster(f"the roster {path} is not text in UTF-8") from None
    except csv.Error as error:
        raise BadRoster(f"the roster {path} is not CSV: {error}") from None


def _letters(name: str) -> list[str]:
    """Return the sorted words of a name, so that "Doe, Jane" equals "Jane_Doe"."""
    return sorted(re.findall(r"[^\W\d_]+", unicodedata.normalize("NFC", name).casefold()))
