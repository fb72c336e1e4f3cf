"""Details of a zsmalloc page for the inspector: its zspage, class, list and objects."""

import numpy as np

from zbudlab import layout
from zbudlab.mm import zsmalloc_reader
from zbudlab.mm.state import State
from zbudlab.view.records import Rows, counted, record_rows

List = tuple[str, np.ndarray, int, int, int, int]


class ZsmallocPage:
    """A zsmalloc page with its zspage, if that has not been freed."""

    def __init__(self, state: State, pfn: int) -> None:
        self.state = state
        self.pfn = pfn
        self.number = int(state.pages["index"][pfn])
        _, records, classes = zsmalloc_reader.zspages_of(state, np.array([pfn]))
        self.zspage = records.view(np.recarray)[0]
        self.size_class = classes.view(np.recarray)[0]
        chain = self.zspage.chain[: int(self.size_class.pages_per_zspage)]
        self.chain: list[int] = chain.tolist()

    @property
    def handles(self) -> list[int]:
        """Handles of the objects that are in the page, or in a part of it."""
        first = int(self.zspage.first_object)
        found = zsmalloc_reader.objects_in(self.state, self.pfn)
        words = [int(self.state.objects[first + index]) for index, _, _ in found]
        return [word >> layout.OBJ_TAG_BITS for word in words]

    def words(self) -> list[str]:
        """Return the parts of a sentence about the page's objects."""
        if not self.number:
            return ["zsmalloc", "its zspage was freed"]
        if self.pfn not in self.chain:
            return ["zsmalloc", f"zspage {self.number} has another page in its place"]
        at = self.chain.index(self.pfn) + 1
        full = f"{self.zspage.inuse} of {self.size_class.objs_per_zspage} objects"
        where = f"page {at} of {len(self.chain)} of zspage {self.number}"
        return ["zsmalloc", where, f"class of {self.size_class.object_size} bytes", full]

    def group(self) -> str:
        """Return the fullness group of the zspage in words."""
        group = int(self.zspage.group)
        names = {layout.ZS_EMPTY: "empty zspages", layout.ZS_FULL: "full zspages"}
        if group in names:
            return names[group]
        number = int(self.state.pages["private"][self.pfn])
        if self.state.pools["groups_of_ten_percent"][number]:
            return f"zspages that are {10 * group - 10} to {10 * group - 1} % full"
        almost = "empty" if group == layout.ZS_ALMOST_EMPTY else "full"
        return f"almost {almost} zspages"

    def lists(self) -> list[List]:
        """Return no list: not pages but zspages are on lists; `parts` has the group."""
        return []

    def parts(self) -> list[tuple[str, Rows]]:
        """Return the parts of the page's details as (title, rows)."""
        if not self.number:
            return [("zspage", [])]
        known = {
            "group": self.group(),
            "readers": counted(int(self.zspage.readers), "mapping"),
        }
        rows = [row for row in record_rows(self.zspage, known) if row[0] != "chain"]
        rows.append(("chain", " \u2192 ".join(f"pfn {pfn}" for pfn in self.chain)))
        title = f"zspage {self.number}"
        return [(title, rows), ("size class", self._class_rows()), ("objects", self._objects())]

    def _class_rows(self) -> Rows:
        used = int(self.size_class.objs_per_zspage * self.size_class.object_size)
        spare = int(self.size_class.pages_per_zspage) * layout.PAGE_SIZE - used
        return record_rows(
            self.size_class, {"pages_per_zspage": f"{spare} bytes at the end unused"}
        )

    def _objects(self) -> Rows:
        """Return the objects in the page with their handles, and where they are in it."""
        rows = []
        found = zsmalloc_reader.objects_in(self.state, self.pfn)
        for handle, (index, start, end) in zip(self.handles, found, strict=True):
            where = f"bytes {max(start, 0)} to {min(end, layout.PAGE_SIZE) - 1}"
            where += ", starts in the page before" if start < 0 else ""
            where += ", goes on in the next page" if end > layout.PAGE_SIZE else ""
            rows.append((f"object {index}", f"handle {handle}, {where}"))
        return rows
