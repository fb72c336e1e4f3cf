"""The memory of a Linux host, running or recorded, and a simulated machine like it."""

from zbudlab.host.files import record
from zbudlab.host.hosts import Host
from zbudlab.host.reading import RECORDING, from_text, read
from zbudlab.host.zones import HostError, Zone

__all__ = ["RECORDING", "Host", "HostError", "Zone", "from_text", "read", "record"]
