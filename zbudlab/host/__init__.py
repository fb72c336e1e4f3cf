"""The machine you are using: what Linux says about its memory, and a simulated machine like it."""

from zbudlab.host.procfs import RECORDING, Host, HostError, Zone, read, record

__all__ = ["RECORDING", "Host", "HostError", "Zone", "read", "record"]
