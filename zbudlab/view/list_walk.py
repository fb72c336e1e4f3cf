"""Walk lists for pictures, including lists that a student's function has broken."""

import numpy as np

from zbudlab.mm import inspection

WALKED = 1 << 19  #: records; larger tables use compiled code, which does not check for broken lists


def list_members(records: np.ndarray, link: int, head: int) -> list[int]:
    """Return the record numbers on a list in order; of a broken list, those before the break."""
    if len(records) > WALKED:
        return inspection.list_members(records, link, head)
    after = records["next"][:, link]
    found: dict[int, None] = {}  # in order
    at = int(after[head])
    while at != head and at < len(after) and at not in found:
        found[at] = None
        at = int(after[at])
    return list(found)
