"""CMA: how often an area gives what is asked of it, by how full memory is."""

from typing import Any

from zbudlab.analysis.cma_table import one_machine
from zbudlab.machine.config import MachineConfig


def cma(
    level: float,
    zbud: str,
    *,
    mapped: float = 0.0,
    frames: int = 16384,
    cma_pages: int = 4096,
    seed: int,
) -> dict[str, Any]:
    """Count requests for 1024 frames of the CMA area and those met; see `analysis.cma_table`.

    level: share of all frames in use; half by processes, half by zbud. zbud: plain or series.
    mapped: share of zbud's objects that somebody has mapped meanwhile (series).
    """
    config = MachineConfig(
        frames=frames, cma_pages=cma_pages, zbud=zbud, zswap=False, page_bytes=False, log=False
    )
    return dict(one_machine(config, level, mapped, seed))
