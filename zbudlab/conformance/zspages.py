"""A zsmalloc pool as exercises print it: its zspages, with objects and lists in order.

Reads records with numpy and calls nothing of the engine, so that it ends whatever the records hold.
"""

from typing import Any

import numpy as np

from zbudlab import layout
from zbudlab.mm.state import State

MOST = 4096  #: zspages on a list, and objects of a zspage; longer lists are damaged


class ZspagesView:
    """One pool, read only. Objects have the numbers of their handles."""

    def __init__(self, state: State, number: int) -> None:
        self.state = state
        self.number = number
        self.pool = state.pools[number]

    def classes(self) -> range:
        """Return the places of the pool's classes in `size_classes`."""
        first = int(self.pool["size_classes"])
        return range(first, first + layout.ZS_SIZE_CLASSES)

    def objects(self, zs: int) -> list[int]:
        """Return the handle of each object of a zspage, in order; 0 = it is free."""
        words = self._words(zs)
        used = words & layout.OBJ_ALLOCATED_TAG != 0
        return np.where(used, words >> layout.OBJ_TAG_BITS, 0).tolist()

    def free_objects(self, zs: int) -> list[int]:
        """Return the numbers of a zspage's free objects, the next to be allocated first."""
        words = self._words(zs)
        found: list[int] = []
        at = int(self.state.zspages[zs]["freeobj"])
        while at < len(words) and len(found) < len(words):
            found.append(at)
            if words[at] & layout.OBJ_ALLOCATED_TAG:  # this is not a free object
                break
            at = int(words[at] >> layout.OBJ_TAG_BITS)
        return found

    def _words(self, zs: int) -> Any:
        zspage = self.state.zspages[zs]
        count = self.state.size_classes[int(zspage["size_class"])]["objs_per_zspage"]
        first = int(zspage["first_object"])
        return self.state.objects[first : first + int(count)].astype(np.int64)

    def frames(self, zs: int) -> list[int]:
        """Return the page frames of a zspage in order."""
        zspage = self.state.zspages[zs]
        count = self.state.size_classes[int(zspage["size_class"])]["pages_per_zspage"]
        return zspage["chain"][: int(count)].tolist()

    def entry(self, zs: int) -> dict[str, Any]:
        """Return what a zspage holds."""
        zspage = self.state.zspages[zs]
        size = self.state.size_classes[int(zspage["size_class"])]["object_size"]
        return {
            "size": int(size),
            "group": int(zspage["group"]),
            "frames": self.frames(zs),
            "objects": self.objects(zs),
            "free": self.free_objects(zs),
        }

    def listed(self) -> list[int]:
        """Return the zspages on the pool's lists: large classes and full groups first."""
        lists = self.state.size_classes["list_heads"][self.classes()]
        heads = lists[::-1, None] + np.arange(layout.ZS_GROUPS - 1, -1, -1)
        following = self.state.zspages["next"][:, 0]
        taken = heads[following[heads] != heads]  # heads of lists that are not empty
        return [zs for head in taken.tolist() for zs in self._members(head)]

    def _members(self, head: int) -> list[int]:
        following = self.state.zspages["next"][:, 0]
        found: list[int] = []
        at = int(following[head])
        while at != head and len(found) < MOST:
            found.append(at)
            at = int(following[at])
        return found

    def counts(self) -> dict[str, list[int]]:
        """Return objects allocated, and objects of all zspages, by the size of their class."""
        classes = self.state.size_classes[self.classes()]
        busy = classes[(classes["obj_used"] != 0) | (classes["obj_allocated"] != 0)]
        return {
            str(each["object_size"]): [int(each["obj_used"]), int(each["obj_allocated"])]
            for each in busy
        }

    def places(self) -> dict[str, list[int]]:
        """Return the frame and the number of each handle's object; for handle 0, no object, 0."""
        known = int(self.state.arenas[0]["unused_handle"])
        places = self.state.handles[:known]
        return {
            str(handle): [place >> layout.OBJ_INDEX_BITS, place & layout.OBJ_INDEX_MASK]
            for handle, place in enumerate(places.tolist())
            if (place >= 0 if handle else place)
        }

    def snapshot(self) -> dict[str, Any]:
        """Return zspages in the order of their lists, counts, and where handles lead."""
        return {
            "zspages": [self.entry(zs) for zs in self.listed()],
            "objects": self.counts(),
            "pages": int(self.pool["pages_nr"]),
            "places": self.places(),
        }
