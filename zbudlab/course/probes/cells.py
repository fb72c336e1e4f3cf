"""A notebook's cells as Python."""

import re
from types import CodeType

_MAGIC = re.compile(r"^([ \t]*)(?:[%!?].*|[\w.*%]+\?\??[ \t]*)$", re.MULTILINE)
#: Cell magics that run the rest of the cell as Python.
_TIMERS = ("%%time", "%%timeit", "%%capture")


def runnable(source: str) -> str:
    """A cell's Python without what only IPython understands."""
    if source.lstrip().startswith("%%"):
        head, _, rest = source.lstrip().partition("\n")
        if not head.startswith(_TIMERS):
            return ""
        source = rest
    return _MAGIC.sub(r"\1pass", source)


def compiled(source: str, name: str) -> CodeType:
    """A cell's code, without IPython's magics where it is no Python as it stands.

    In Python a line that ends in a question mark, or begins with a percent sign, may belong to a
    text or to a long expression. SyntaxError where it is no Python either way.
    """
    try:
        return compile(source, name, "exec")
    except SyntaxError:
        return compile(runnable(source), name, "exec")
