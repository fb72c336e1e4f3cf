"""A Linux host: its zones, counters and page frames, and a simulated machine like it."""

from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zbudlab.host.simulate import MachineCounts, machine_counts
from zbudlab.host.zones import HostError, Zone
from zbudlab.io.arguments import checked
from zbudlab.io.values import human
from zbudlab.layout import PAGE_SIZE
from zbudlab.machine import Machine
from zbudlab.machine.config import MAX_FRAMES


def _none() -> NDArray[np.uint8]:
    return np.empty(0, np.uint8)


@dataclass
class Host:
    """The data read from a host.

    missing: a sentence for each thing that could not be read, with the reason. notes: sentences on
    what was read: files that disagree, lines not understood. page_size and meminfo are in bytes,
    zones and frames in pages. kinds: places in frames.KINDS, one for each page frame.
    """

    root: str
    release: str = ""
    page_size: int = PAGE_SIZE
    zones: list[Zone] = field(default_factory=list)
    vmstat: dict[str, int] = field(default_factory=dict)
    meminfo: dict[str, int] = field(default_factory=dict)
    zswap: dict[str, str] = field(default_factory=dict)
    zswap_counters: dict[str, int] = field(default_factory=dict)
    frames: dict[str, int] = field(default_factory=dict)
    kinds: NDArray[np.uint8] = field(default_factory=_none, repr=False)
    missing: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values for JSON, each zone with its indices."""
        plain = asdict(replace(self, kinds=_none()))
        del plain["kinds"]
        for zone, values in zip(self.zones, plain["zones"], strict=True):
            values["fragmentation_index"] = zone.fragmentation_index()
            values["unusable_index"] = zone.unusable_index()
        return plain

    @checked()
    def zone(self, name: str | None = None, node: int | None = None) -> Zone:
        """Return a zone by name and node; without a name the one with the most memory.

        Raises HostError if there is no such zone, or if several nodes have one of that name and
        none was chosen.
        """
        found = [
            zone for zone in self.zones if name in (None, zone.name) and node in (None, zone.node)
        ]
        if not found:
            there = ", ".join(dict.fromkeys(zone.name for zone in self.zones)) or "none"
            where = "" if node is None else f" on node {node}"
            nodes = ", ".join(str(zone_node) for zone_node in self.nodes)
            raise HostError(f"there is no zone {name!r}{where} here, only: {there} on {nodes}"
                            if node is not None
                            else f"there is no zone {name!r} here, only: {there}")  # fmt: skip
        if name is not None and len(found) > 1:
            nodes = ", ".join(str(zone.node) for zone in found)
            raise HostError(f"nodes {nodes} each have a zone {name}: choose one with node=")
        return max(found, key=lambda zone: (zone.size, zone.free_pages))

    @property
    def nodes(self) -> list[int]:
        """The numbers of the nodes that have zones."""
        return sorted({zone.node for zone in self.zones})

    @checked()
    def on_node(self, node: int) -> "Host":
        """Return the host with the zones of one node only. Raises HostError if it has none."""
        zones = [zone for zone in self.zones if zone.node == node]
        if not zones:
            there = ", ".join(map(str, self.nodes))
            raise HostError(f"there is no node {node} here, only: {there}")
        return replace(self, zones=zones)

    @checked()
    def machine(
        self, zone: str | None = None, *, node: int | None = None, seed: int = 0, **settings: Any
    ) -> Machine:
        """Return a machine with the free-list counts of a zone, positions drawn by the seed.

        All frames that are not free belong to the kernel there, because these files do not say
        what uses them: compaction finds nothing to move until processes are started. Without
        pagetypeinfo all pageblocks are movable. `simulated` says what had to be changed. settings:
        as for Machine, without page bytes by default. Raises HostError for a zone of unknown size
        or larger than a machine can be.
        """
        wanted = self.zone(zone, node)
        counts = self._counts(wanted)
        if counts.pageblock_order != 9:
            settings = {"pageblock_order": counts.pageblock_order, **settings}
        settings = {"page_bytes": False, "seed": seed, **settings}
        machine = Machine(frames=counts.frames, **settings)
        machine.lay_out(counts.free, counts.pageblocks, seed=seed)
        return machine

    @checked()
    def simulated(self, zone: str | None = None, node: int | None = None) -> list[str]:
        """Return sentences on what a simulated machine represents differently from a zone."""
        notes = list(self._counts(self.zone(zone, node)).notes)
        if self.page_size != PAGE_SIZE:
            notes.append(
                f"pages here are {human(self.page_size)}, the machine has as many of "
                f"{human(PAGE_SIZE)}"
            )
        return notes

    def _counts(self, zone: Zone) -> MachineCounts:
        """Return a zone's counts for a machine. Raises HostError if no machine can have them."""
        if not zone.nr_pageblocks:
            raise HostError(
                f"the size of zone {zone.name} is not known: put the host's proc/zoneinfo (or "
                f"proc/pagetypeinfo) below {self.root}, next to proc/buddyinfo"
            )
        counts = machine_counts(zone)
        if counts.frames > MAX_FRAMES:
            fit = [
                other.name
                for other in self.zones
                if other.nr_pageblocks and machine_counts(other).frames <= MAX_FRAMES
            ]
            instead = f"; ask for a smaller zone: {', '.join(dict.fromkeys(fit))}" if fit else ""
            raise HostError(
                f"zone {zone.name} has {counts.frames} page frames "
                f"({human(counts.frames * self.page_size)}), a machine {MAX_FRAMES} at most"
                f"{instead}"
            )
        return counts
