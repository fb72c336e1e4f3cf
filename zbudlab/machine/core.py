"""The core of a machine that operations, snapshots and keyframes need: memory and its users.

`Core` boots a machine and holds its parts. `machine.Machine` adds the user's methods.
"""

from collections import Counter

import numpy as np

from zbudlab import layout
from zbudlab.content.compressors import Compressor
from zbudlab.machine.config import MachineConfig
from zbudlab.machine.driven import DrivenPaging
from zbudlab.machine.oplog import OperationLog
from zbudlab.mm import bootmem
from zbudlab.mm.state import State
from zbudlab.swap.device import MarkDevice
from zbudlab.swap.journal import Journal
from zbudlab.swap.settings import ZswapSettings
from zbudlab.swap.swapping import Swap
from zbudlab.swap.today import swap_for

SWAP_TYPE = 0  #: the only swap area; zswap's pool has its number
LAB_POOL = layout.LAB_POOL  #: the zbud pool of the user's objects


class Core:
    """The parts of one machine.

    config: its settings. compressor: used by zswap. log: gets operations and steps, None = none.
    state: the arrays. swap, paging: what runs on them. moves: layout.migration, what the last
    compaction moved; control: its layout.compact_control. pins: references that `pin` took, by
    frame; pin_kinds: the same by frame and kind, where a kind was given. cma_area: first and last +
    1 frame of the CMA area. cma: one layout.cma_area; cma_bitmap: a byte for each bit, 1 = held by
    `cma_alloc`.
    """

    def __init__(
        self, config: MachineConfig, compressor: Compressor, log: OperationLog | None
    ) -> None:
        self.config = config
        self.compressor = compressor
        self.log = log
        self.journal = Journal(log)
        self.do = self.journal.do
        self.state = self._booted()
        self.moves = np.zeros(config.frames, layout.migration)
        self.control = np.zeros(1, layout.compact_control)
        self.pins: Counter[int] = Counter()
        self.pin_kinds: Counter[tuple[int, int]] = Counter()
        first, last = self.cma_area
        self.cma = np.zeros(1, layout.cma_area)
        self.cma[0] = first, last - first, config.cma_order_per_bit
        self.cma_bitmap = np.zeros((last - first) >> config.cma_order_per_bit, np.uint8)
        self.swap = self._swap()
        self.swap.swapon(SWAP_TYPE, config.swap_slots)
        self.paging = DrivenPaging(self.state, self.swap, self.journal)

    def _booted(self) -> State:
        """Return the arrays of a machine after boot, with a pool for the user's objects."""
        config = self.config
        state = State(
            config.frames,
            pageblock_order=config.pageblock_order,
            page_bytes=config.page_bytes,
            pools=2,
        )
        state.zone["watermark"] = config.watermarks
        state.zone["zpool_movable"] = config.movable
        self.cma_area = config.cma_area
        areas = [self.cma_area] if config.cma_pages else []
        bootmem.free_all_bootmem(state.mem, config.frames, areas)
        state.create_pool(LAB_POOL, config.variant)
        return state

    def _swap(self) -> Swap:
        """Return swap as configured, without an area."""
        config = self.config
        settings = ZswapSettings(
            profile=config.profile,
            enabled=config.zswap,
            totalram=config.frames,
            max_pool_percent=config.max_pool_percent,
            accept_threshold_percent=config.accept_threshold_percent,
            kind=config.kind,
            variant=config.variant,
            threads=config.threads,
        )
        return swap_for(
            self.state,
            settings,
            compressor=self.compressor,
            device=None if config.page_bytes else MarkDevice(self.state),
            journal=self.journal,
            stepwise=self.log is not None,
        )

    def stop_logging(self) -> None:
        """Stop keeping a log."""
        self.log = self.journal.log = None
