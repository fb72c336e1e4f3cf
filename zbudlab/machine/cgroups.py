"""Memory cgroups of a machine, as far as zswap knows them: limits, writeback, charges."""

from typing import Any, NamedTuple

from zbudlab import layout
from zbudlab.io.values import Truth, taken
from zbudlab.machine import checks
from zbudlab.machine.core import Core
from zbudlab.machine.errors import invalid

TRUTH = Truth()


class Cgroup(NamedTuple):
    """A memory cgroup at one moment.

    parent: the cgroup above; -1 = this is the root. zswap_max: memory.zswap.max in pages; None = no
    limit. writeback: memory.zswap.writeback. zswap_current: bytes in zswap charged to it, including
    those of the cgroups below it. zswapped: the pages in these bytes; incompressible: how many
    of them did not get shorter. The root is charged only for the pages of other cgroups.
    """

    parent: int
    zswap_max: int | None
    writeback: bool
    zswap_current: int
    zswapped: int
    incompressible: int


class Cgroups(Core):
    """The methods for cgroups of a machine. They need a profile with the rule `own_lru`."""

    def operate(self, name: str, *arguments: int) -> int:
        """Run one operation by its name in the log (see `Machine`)."""
        raise NotImplementedError

    def create_cgroup(
        self,
        parent: int = layout.ROOT_CGROUP,
        *,
        zswap_max: int | None = None,
        zswap_writeback: bool = True,
    ) -> int:
        """Create a cgroup below another one, and return its number; 0 is the root.

        zswap_max: the most compressed data it may have in zswap, in pages; None = no limit.
        zswap_writeback: whether its pages may go to the swap device. Raises MachineError:
        EOPNOTSUPP in profiles whose zswap has no cgroups here, EINVAL for other values.
        """
        writeback = taken(TRUTH, "zswap_writeback", zswap_writeback, invalid)
        limit = _limit(zswap_max)
        number = self.operate("create_cgroup", parent)
        if limit != layout.NO_LIMIT:
            self.operate("set_zswap_max", number, limit)
        if not writeback:
            self.operate("set_zswap_writeback", number, 0)
        return number

    def attach(self, process: int, cgroup: int) -> None:
        """Put a process into a cgroup before it uses memory.

        Raises MachineError(EBUSY) once it has pages: those would stay charged to the old cgroup.
        """
        self.operate("attach", process, cgroup)

    def set_zswap_max(self, cgroup: int, pages: int | None) -> None:
        """Set memory.zswap.max of a cgroup; None = no limit."""
        self.operate("set_zswap_max", cgroup, _limit(pages))

    def set_zswap_writeback(self, cgroup: int, writeback: bool) -> None:
        """Set whether pages of a cgroup, and of those below, may go to the swap device."""
        allowed = taken(TRUTH, "writeback", writeback, invalid)
        self.operate("set_zswap_writeback", cgroup, int(allowed))

    def cgroup(self, number: int) -> Cgroup:
        """Return the settings of a cgroup and what it is charged."""
        checks.a_cgroup(self, number)
        record = self.state.cgroups[number]
        limit = int(record["zswap_max"])
        return Cgroup(
            parent=int(record["parent"]),
            zswap_max=None if limit == layout.NO_LIMIT else limit,
            writeback=bool(record["zswap_writeback"]),
            zswap_current=int(record["zswap_bytes"]),
            zswapped=int(record["zswapped"]),
            incompressible=int(record["zswap_incomp"]),
        )

    def compact_pool(self) -> int:
        """Move objects of zsmalloc's pool together, and return how many pages that freed.

        `echo 2 > /proc/sys/vm/drop_caches` does this, too. Raises MachineError(EOPNOTSUPP) for
        another allocator, whose objects cannot move.
        """
        return self.operate("compact_pool")


def _limit(pages: Any) -> int:
    """Return a limit in the form that operations take."""
    if pages is None:
        return layout.NO_LIMIT
    return checks.whole("zswap_max", pages, 0, checks.MAX_FRAMES)
