"""Intrusive lists against Python lists, on both links of a record at once."""

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from zbudlab import layout
from zbudlab.mm import list_head
from zbudlab.mm.inspection import list_members

ELEMENTS = 12
HEADS = (ELEMENTS, ELEMENTS + 1)
links = st.sampled_from([layout.LRU, layout.BUDDY])
heads = st.sampled_from(HEADS)


def empty_lists():
    records = np.zeros(ELEMENTS + len(HEADS), layout.zbud_header)
    for link in (layout.LRU, layout.BUDDY):
        for head in HEADS:
            list_head.init_list_head(records, link, head)
    return records


class Lists(RuleBasedStateMachine):
    """Two lists over each of two links; an element is on at most one list a link."""

    def __init__(self):
        super().__init__()
        self.records = empty_lists()
        self.twin = {(link, head): [] for link in (layout.LRU, layout.BUDDY) for head in HEADS}

    def on(self, link):
        return [entry for (of, _), entries in self.twin.items() if of == link for entry in entries]

    def holder(self, link, entry):
        return next(m for (of, _), m in self.twin.items() if of == link and entry in m)

    @rule(link=links, head=heads, entry=st.integers(0, ELEMENTS - 1), last=st.booleans())
    def add(self, link, head, entry, last):
        if entry in self.on(link):
            return
        add = list_head.list_add_tail if last else list_head.list_add
        add(self.records, link, entry, head)
        members = self.twin[link, head]
        members.insert(len(members) if last else 0, entry)

    @precondition(lambda self: any(self.twin.values()))
    @rule(data=st.data(), head=heads, what=st.sampled_from(["del", "move", "replace"]))
    def change(self, data, head, what):
        link = data.draw(st.sampled_from([link for link in (0, 1) if self.on(link)]), "link")
        entry = data.draw(st.sampled_from(self.on(link)), "entry")
        members = self.holder(link, entry)
        place = members.index(entry)
        free = sorted(set(range(ELEMENTS)) - set(self.on(link)))
        if what == "replace" and free:
            members[place] = data.draw(st.sampled_from(free), "new")
            list_head.list_replace(self.records, link, entry, members[place])
            return
        del members[place]
        if what == "move":
            list_head.list_move(self.records, link, entry, head)
            self.twin[link, head].insert(0, entry)
        else:
            list_head.list_del(self.records, link, entry)

    @invariant()
    def holds_the_same(self):
        for (link, head), members in self.twin.items():
            assert list_members(self.records, link, head) == members
            assert list_head.list_empty(self.records, link, head) == (not members)
            length = list_head.list_length(self.records, link, head, ELEMENTS)
            assert length == len(members)


TestLists = Lists.TestCase
TestLists.settings = settings(
    max_examples=30, stateful_step_count=60, derandomize=True, deadline=None
)


def test_list_entries_stops_where_the_room_ends():
    for room in (0, 3, 5, 7):
        entries = np.full(room, -1)
        assert list_head.list_entries(filled(), layout.LRU, HEADS[0], entries) == min(room, 5)
        assert entries.tolist() == [0, 1, 2, 3, 4, -1, -1][:room]


def filled():
    records = empty_lists()
    for entry in range(5):
        list_head.list_add_tail(records, layout.LRU, entry, HEADS[0])
    return records


def length_of(records, at_most=ELEMENTS):
    return list_head.list_length(records, layout.LRU, HEADS[0], at_most)


def test_list_length_counts_to_its_limit():
    assert length_of(filled(), 5) == 5
    assert length_of(filled(), 4) == -1


def test_list_length_notices_links_that_do_not_agree():
    for entry in (0, 3, HEADS[0]):
        for side in ("next", "prev"):
            records = filled()
            records[side][entry, layout.LRU] = 2 if entry != 3 else 0
            assert length_of(records) == -1, (entry, side)


def test_list_length_survives_a_link_out_of_the_table():
    records = filled()
    records["next"][2, layout.LRU] = 4_000_000_000
    assert length_of(records) == -1


def test_list_length_notices_a_ring_without_the_head():
    records = filled()
    records["next"][4, layout.LRU] = 0
    records["prev"][0, layout.LRU] = 4
    assert length_of(records) == -1
