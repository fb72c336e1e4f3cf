"""CMA: how often requests for the area are met, by how full memory is."""

from typing import Annotated, Any

from zbudlab.analysis.cma_table import one_machine
from zbudlab.experiments.parameters import Frames
from zbudlab.io.arguments import checked
from zbudlab.io.values import Whole
from zbudlab.machine.config import MachineConfig
from zbudlab.machine.settings import MACHINE, MAX_FRAMES, SHARE
from zbudlab.sweep.description import described


@described(
    {
        "asked": ("requests", "requests for 1024 frames of the CMA area"),
        "met": ("requests", "of these, met"),
        "busy": ("requests", "of these, refused because a page could not move"),
        "no_memory": ("requests", "of these, refused for lack of frames to move pages to"),
        "zbud_pages": ("pages", "pages of zbud before the requests"),
        "zbud_refused": ("objects", "objects for which there was no page"),
        "user_in_cma": ("pages", "pages of processes in the area before the requests"),
        "zbud_in_cma": ("pages", "pages of zbud in the area before the requests"),
        "moved": ("pages", "pages moved to meet the requests"),
    }
)
@checked()
def cma(
    level: Annotated[float, SHARE, "share of all frames in use: half processes, half zbud"],
    zbud: Annotated[str, MACHINE["zbud"], "variant of zbud"],
    *,
    mapped: Annotated[float, SHARE, "share of zbud objects that are mapped (series)"] = 0.0,
    frames: Frames = 16384,
    cma_pages: Annotated[int, Whole(1024, MAX_FRAMES), "frames of the CMA area"] = 4096,
    seed: int,
) -> dict[str, Any]:
    """Count requests for 1024 frames of the CMA area, and those that are met.

    level: share of all frames in use; half by processes, half by zbud. zbud: plain or series.
    mapped: share of the zbud objects that are mapped while the area is requested (series). See
    `zbudlab.analysis.cma_table`.
    """
    config = MachineConfig(
        frames=frames, cma_pages=cma_pages, zbud=zbud, zswap=False, page_bytes=False, log=False
    )
    return dict(one_machine(config, level, mapped, seed))
