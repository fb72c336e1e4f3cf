"""Versions of Linux, as releases and reports name them."""

import re

RELEASE = re.compile(r"(\d+)\.(\d+)")
#: The release in a stack trace: "Comm: app Not tainted 5.10.0-8" or "Tainted: G  W 4.9.56 #53".
IN_TRACE = re.compile(r"(?:Not tainted|Tainted:(?:\s+[A-Z](?=[\sA-Z]))*[\sA-Z]*?)\s+(\d+\.\d+\S*)")
#: /proc/version, and the output of uname -a.
IN_BANNER = re.compile(r"Linux version (\d+\.\d+\S*)|^Linux \S+ (\d+\.\d+\S*) ", re.MULTILINE)


def version(release: str) -> tuple[int, int]:
    """Return the first two numbers of a release, or () if it has none."""
    found = RELEASE.match(release)
    return (int(found[1]), int(found[2])) if found else ()  # type: ignore[return-value]


def kernel_in(text: str) -> str:
    """Return the release that a kernel log names, or "" if it names none."""
    found = IN_TRACE.findall(text) or ["".join(groups) for groups in IN_BANNER.findall(text)]
    return found[-1] if found else ""
