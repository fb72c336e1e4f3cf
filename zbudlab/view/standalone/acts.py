"""What a reader can do to a machine that runs in a page, in numbers and words. See acts.js.

The landing page and players that go on live share this: a page moved step by step, and a driver
that takes frames of the CMA area.
"""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import numpy as np

from zbudlab import layout
from zbudlab.experiments import script
from zbudlab.machine.core import LAB_POOL
from zbudlab.races.names import MOVING

#: What happened in each step of a page's move, by `pc` (races.steps).
STEPS = (
    "frame OLD belongs to zbud, so compaction asks zbud for it.",
    "zbud gave the page away; compaction holds a reference and has it on its list.",
    "frame NEW is the target.",
    "frame OLD has references of its objects, too: it was not freed meanwhile.",
    "both frames are locked. A user of either one waits now.",
    "under the pool's lock, objects, handles and list entries went from frame OLD to frame NEW.",
    "both frames are unlocked.",
    "the first reference of the move is dropped.",
    "the move is over: the page is in frame NEW, and frame OLD is free.",
)
#: The same where the move ended early.
ENDED = {
    0: "frame OLD has no page of zbud, so compaction leaves it.",
    1: "zbud keeps the page in frame OLD, so it does not move.",
}
#: The same where the page cannot move.
FAILED = {
    3: "all objects of frame OLD were freed meanwhile, so there is nothing to move.",
    4: "frame OLD is locked by another user, so it does not move now (-EAGAIN).",
    5: "frame OLD has more references than its objects and the move account for: -EAGAIN. "
    "Nothing was copied.",
    7: "one of the two references is dropped; the target, frame NEW, is not needed.",
    8: "the move is over: the page stays in frame OLD, and frame NEW is free again.",
}
FAULT = "this must not happen: the machine stops here."


def operations() -> dict[str, int]:
    """Return the numbers of a script's operations by name."""
    return {
        name: value for name, value in vars(script).items() if name.isupper() and type(value) is int
    }


def mover() -> np.ndarray:
    """Return an actor that moves one page of the machine's pool, layout.actor (1,)."""
    actor = np.zeros(1, layout.actor)
    actor["kind"], actor["pool"], actor["passes"] = layout.ACTOR_COMPACT, LAB_POOL, 1
    return actor


def told() -> dict[str, Any]:
    """Return what acts.js needs, as JSON."""
    return {
        "operations": operations(),
        "names": MOVING,
        "steps": STEPS,
        "ended": ENDED,
        "failed": FAILED,
        "fault": FAULT,
        "actor": b64encode(mover().tobytes()).decode(),
        "zbud": list(layout.POOL_KINDS),
    }
