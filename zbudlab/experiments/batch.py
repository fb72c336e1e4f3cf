"""Many small machines in one compiled call, each running a script.

An operation of `Machine` costs some microseconds from Python, and a fiftieth of that in compiled
code. Where all operations are known beforehand and no page is swapped, they can run as scripts
(see `zbudlab.experiments.script`) without returning to Python. Machines start equal: one booted
image is copied over the memory of the machine before.

The results are those of `Machine` with the same configuration, to the page frame.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zbudlab import layout
from zbudlab.experiments.interpreter import Room, run_scripts
from zbudlab.experiments.script import CREATE_PROCESS, ZBUD_ALLOC, Results, Script, check
from zbudlab.machine import Machine
from zbudlab.machine.config import MachineConfig
from zbudlab.mm.radix_tree import init_radix_tree_nodes
from zbudlab.mm.state import State

#: A tree over handles given out in sequence has a leaf for 64 of them, and few nodes above.
HANDLES_PER_NODE = 32
SPARE_NODES = 64
ALIGNED = 64  #: bytes; arrays of the image begin at multiples of it


class Batch:
    """Machines of one configuration, without page bytes, a log, or swapping."""

    def __init__(self, config: MachineConfig) -> None:
        self.config = replace(config, page_bytes=False, log=False)

    def run(self, scripts: Sequence[Script]) -> list[Results]:
        """Run each script on its own machine; return the results. ValueError if one is invalid."""
        arguments, results = self.prepared(scripts)
        run_scripts(*arguments)
        return np.split(results, np.cumsum([len(script) for script in scripts])[:-1])

    def prepared(self, scripts: Sequence[Script]) -> tuple[list[Any], Results]:
        """Return the arguments of `run_scripts` for these scripts, and the array of the results."""
        for script in scripts:
            check(script)
        every = np.ascontiguousarray(np.concatenate(scripts), np.int64)
        ends = np.cumsum([len(script) for script in scripts])
        state = Machine(self.config).state
        image, arrays = _image(self._booted(state, every, ends))
        mem = state.mem._replace(**arrays)
        results = np.zeros(len(every), np.int64)
        frames = self.config.frames
        room = Room(
            moves=np.zeros(frames, layout.migration),
            control=np.zeros(1, layout.compact_control),
            taken=np.zeros(frames, np.int64),
            born=np.zeros(1, np.int64),
        )
        return [mem, room, image, every, ends, results], results

    def _booted(
        self, state: State, every: Script, ends: NDArray[np.int64]
    ) -> dict[str, np.ndarray]:
        """Return the arrays of a booted machine, large enough for what the scripts do."""
        born = every[:, 0] == CREATE_PROCESS
        handles = _most(every[:, 0] == ZBUD_ALLOC, ends)
        nodes = np.zeros(handles // HANDLES_PER_NODE + SPARE_NODES, layout.radix_tree_node)
        init_radix_tree_nodes(nodes)
        return {
            **{name: getattr(state, name) for name in ("zones", "pages", "blocks")},
            "pools": state.pools,
            "rows": state.rows,
            "nodes": nodes,
            "frames": state.frames,
            "ptes": np.zeros(max(_most(np.where(born, every[:, 1], 0), ends), 1), layout.pte),
            "processes": np.zeros(max(_most(born, ends), 1), layout.process),
        }


def _most(values: np.ndarray, ends: NDArray[np.int64]) -> int:
    """Return the largest sum of `values` over any one script."""
    return int(np.add.reduceat(values.astype(np.int64), np.r_[0, ends[:-1]]).max())


def _image(booted: dict[str, np.ndarray]) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return two images of a machine, uint8 (2, bytes), and its arrays as views of the first.

    Without page bytes the content of a frame is its zbud header: `frames` is a view of `rows`.
    """
    sizes = {n: -(-array.nbytes // ALIGNED) * ALIGNED for n, array in booted.items()}
    sizes["frames"] = 0
    image = np.zeros((2, sum(sizes.values())), np.uint8)
    views: dict[str, np.ndarray] = {}
    start = 0
    for name, array in booted.items():
        if name == "frames":
            views[name] = views["rows"][: len(array)].view(np.uint8).reshape(array.shape)
            continue
        image[:, start : start + array.nbytes] = array.view(np.uint8)
        views[name] = image[0, start : start + array.nbytes].view(array.dtype)
        start += sizes[name]
    return image, views
