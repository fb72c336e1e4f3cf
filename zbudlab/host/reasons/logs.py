"""The kernel log of a recording, such as a sosreport, that reports a refused request."""

from pathlib import Path

from zbudlab.host.opening import is_archive, read_report, top_of, unpacked_archive
from zbudlab.host.reasons.request import HEADS
from zbudlab.host.text import plain_text
from zbudlab.host.zones import HostError
from zbudlab.io.arguments import checked

#: Where kernel logs are below the top of a recording; of several the first that has a report.
LOGS = (
    "sos_commands/kernel/dmesg*",
    "sos_commands/logs/journalctl*",
    "var/log/dmesg*",
    "var/log/kern.log*",
    "var/log/messages*",
    "var/log/syslog*",
    "dmesg*",
    "last_kmsg*",
    "sys/fs/pstore/*",
)
FOLDERS = ("sos_commands/kernel", "sos_commands/logs", "var/log", "sys/fs/pstore", "dmesg.txt")


@checked()
def find_log(root: str | Path) -> tuple[str, str]:
    """Return the text of a recording's kernel log that reports a refused request, and its name.

    root: a folder or an archive. Raises HostError if it has no such log.
    """
    root = Path(root)
    if is_archive(root):
        with unpacked_archive(root, FOLDERS) as folder:
            return _find(folder, root)
    return _find(top_of(root), root)


def _find(folder: Path, root: Path) -> tuple[str, str]:
    logs = [path for pattern in LOGS for path in sorted(folder.glob(pattern)) if path.is_file()]
    for path in logs:
        text = read_report(path)
        plain = plain_text(text)
        if any(head.search(plain) for head in HEADS.values()):
            return text, str(path.relative_to(folder))
    raise HostError(
        f"no kernel log in {root} reports a refused request ({len(logs)} were read): judge one of "
        "your choice with --order N"
    )
