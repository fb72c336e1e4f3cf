"""Print what may contain words of a file: no escape sequence in it reaches the terminal."""

import sys
from typing import TextIO

from zbudlab.io.values import printable


def say(text: object, file: TextIO | None = None) -> None:
    """Print a text whose control characters, except line ends and tabs, are replaced."""
    print(printable(str(text), keep="\n\t"), file=file or sys.stdout, flush=True)
