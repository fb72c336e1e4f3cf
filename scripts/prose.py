"""Refuse the worst idioms in what people read: Markdown, docstrings, comments, messages.

Usage: python scripts/prose.py [FILE ...]; without files, all that git tracks. Prints each place
with what to write instead. Notebooks and test data are not read.
"""

import re
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PASSED_OVER = ("tests/data/", "scripts/prose.py")

#: An idiom, and what to write.
IDIOMS = (
    (r"\bto be had\b|\bcould be had\b|\bcan be had\b", "available"),
    (r"\bnone that there is\b|\bis none that\b", "unknown, rejected, not a ..."),
    (r"\b[Ww]hoever\b|\bsomebody\b|\bnobody\b|\banybody\b", "name the role, or use the passive"),
    (r"\b(?:he|him|his|she|her|hers)\b", "they, or the role"),
    (r"\bis told\b|\bare told\b|\bas told\b|\btold in\b", "see ..., is described, is reported"),
    (r"\bbut for\b", "except"),
    (r"\bof its own(?=[.,;:)]|$)", "its own X, a separate X"),
    (
        r"\banother's\b|\bof (?:Python|NumPy|numba|zbud|Linux)'s(?=[.,;:)]|$)",
        "a Python array, a zbud page",
    ),
    (r"\bcannot be meant\b|\bcan be meant\b", "invalid"),
    (r"\bstands? (?:in|at|on|beside|above|below|there|here|behind)\b", "is, are, has"),
    (r"\blies? (?:in|at|on|beside|above|below|there|here|behind)\b", "is, are"),
    (r"\bas it were\b|\bwherefore\b|\bthereof\b|\bwithal\b|\bthe like of\b", "plain words"),
    (r"\bas a person says it\b|\bin the place of\b", "as text; instead of, for"),
)
FOUND = [(re.compile(pattern), instead) for pattern, instead in IDIOMS]


def tracked() -> list[Path]:
    """Return the Python and Markdown files that git tracks."""
    listed = subprocess.run(
        ["git", "ls-files", "*.py", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / name for name in listed.stdout.splitlines() if not name.startswith(PASSED_OVER)]


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the numbered lines that people read: of Python, strings and comments."""
    if path.suffix != ".py":
        yield from enumerate(path.read_text("utf-8").splitlines(), 1)
        return
    kinds = {tokenize.STRING, tokenize.COMMENT, getattr(tokenize, "FSTRING_MIDDLE", -1)}
    with tokenize.open(path) as file:
        for token in tokenize.generate_tokens(file.readline):
            if token.type in kinds:
                yield from enumerate(token.string.splitlines(), token.start[0])


def faults(path: Path) -> Iterator[str]:
    """Yield a sentence for each idiom in a file."""
    name = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
    for number, line in texts(path):
        for pattern, instead in FOUND:
            if match := pattern.search(line):
                yield f"{name}:{number}: {match.group()!r}: write {instead}"


def main(names: list[str]) -> int:
    """Print all faults and return 1 if there are any."""
    paths = [Path(name).resolve() for name in names] or tracked()
    found = [fault for path in paths if path.exists() for fault in faults(path)]
    print("\n".join(found)) if found else None
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
