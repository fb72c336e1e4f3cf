"""The inspector's words for pages of zsmalloc."""

import numpy as np
import pytest

from zbudlab import layout
from zbudlab.machine import Machine
from zbudlab.mm import zpool, zsmalloc, zsmalloc_zpool
from zbudlab.view import details
from zbudlab.view.zsmalloc_details import ZsmallocPage


@pytest.fixture
def machine():
    """A machine with three objects in a zspage of three pages."""
    made = Machine(frames=256, profile="6.1", zpool="zsmalloc", page_bytes=False)
    for _ in range(3):
        made.state.reserve_objects(1)
        zpool.zpool_malloc(made.state.mem, 0, 3000, layout.MIGRATE_MOVABLE)
    return made


def frames(machine):
    return np.flatnonzero(
        machine.state.pages["mapcount"] == layout.PAGE_ZSMALLOC_MAPCOUNT_VALUE
    ).tolist()


def test_a_sentence(machine):
    pages = [details.words(machine, pfn) for pfn in frames(machine)]
    words = "class of 3072 bytes, 3 of 4 objects, 1 reference"
    assert [text.partition("page ")[2] for text in sorted(pages)] == [
        f"{number} of 3 of zspage {ZsmallocPage(machine.state, frames(machine)[0]).number}, {words}"
        for number in sorted(
            ZsmallocPage(machine.state, pfn).chain.index(pfn) + 1 for pfn in frames(machine)
        )
    ]


def test_all_details(machine):
    page = ZsmallocPage(machine.state, frames(machine)[0])
    second = page.chain[1]
    parts = dict(details.details(machine, second)["parts"])
    zspage = dict(parts[f"zspage {page.number}"])
    assert zspage["chain"] == " \u2192 ".join(f"pfn {pfn}" for pfn in page.chain)
    assert zspage["group"] == "1 (almost empty zspages)"
    assert dict(parts["size class"])["pages_per_zspage"] == "3 (0 bytes at the end unused)"
    assert parts["objects"] == [
        ("object 1", "handle 2, bytes 0 to 2047, starts in the page before"),
        ("object 2", "handle 3, bytes 2048 to 4095, goes on in the next page"),
    ]


def test_groups_have_words(machine):
    page = ZsmallocPage(machine.state, frames(machine)[0])
    for group, words in ((0, "empty zspages"), (2, "almost full zspages"), (11, "full zspages")):
        page.zspage.group = group
        assert page.group() == words
    machine.state.pools["groups_of_ten_percent"][0] = 1
    page.zspage.group = 3
    assert page.group() == "zspages that are 20 to 29 % full"


def test_a_page_whose_zspage_was_freed(machine):
    pfn = ZsmallocPage(machine.state, frames(machine)[0]).chain[0]
    machine.pin(pfn)
    for handle in (1, 2, 3):
        assert zpool.zpool_free(machine.state.mem, 0, handle) == 0
    assert frames(machine) == [pfn]
    assert "its zspage was freed, 1 reference, pinned: 1 not its owner's" in details.words(
        machine, pfn
    )
    assert zsmalloc_zpool.zs_next_frame(machine.state.mem, pfn) == -1
    assert zsmalloc.async_free_zspage(machine.state.mem, 0) == 0
    machine.unpin(pfn)
    assert frames(machine) == []
