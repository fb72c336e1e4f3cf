"""The memory of a Linux host, running or recorded, and a simulated machine like it.

`read` takes the running system, recorded files or a kernel log; `why` a report of a refused
request.
"""

from zbudlab.host.files import record
from zbudlab.host.hosts import Host
from zbudlab.host.opening import is_archive, read_report, text_of
from zbudlab.host.reading import RECORDING, from_text, read
from zbudlab.host.reasons import Answer, find_log, why
from zbudlab.host.zones import HostError, Zone

__all__ = [
    "RECORDING",
    "Answer",
    "Host",
    "HostError",
    "Zone",
    "find_log",
    "from_text",
    "is_archive",
    "read",
    "read_report",
    "record",
    "text_of",
    "why",
]
