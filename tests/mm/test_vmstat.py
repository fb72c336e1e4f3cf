"""Files of /proc and debugfs, as Linux writes them."""

from tests.mm.lab import Lab
from zbudlab.mm import lru, page_alloc, vmstat


def test_files_of_a_fresh_zone():
    state = Lab(frames=2048, pageblock_order=9, areas=[(1024, 2048)]).state
    assert vmstat.buddyinfo(state) == ("Node 0, zone   Normal " + "     0 " * 10 + "     2 \n")
    text = vmstat.pagetypeinfo(state).splitlines()
    assert text[0] == "Page block order: 9"
    assert text[1] == "Pages per block:  512"
    assert text[6].split() == ["Node", "0,", "zone", "Normal,", "type", "Movable"] + ["0"] * 10 + [
        "1"
    ]
    assert text[8].split() == ["Node", "0,", "zone", "Normal,", "type", "CMA"] + ["0"] * 10 + ["1"]
    assert text[-1].split() == ["Node", "0,", "zone", "Normal", "0", "0", "2", "0", "2", "0"]
    assert vmstat.extfrag(state) == {
        "extfrag_index": "Node 0, zone   Normal " + "-1.000 " * 11 + "\n",
        "unusable_index": "Node 0, zone   Normal " + "0.000 " * 11 + "\n",
    }


def test_indices_of_scattered_memory_are_printed_in_thousandths(lab):
    pfns = [lab.user_page(place) for place in range(256)]
    for pfn in pfns[::2]:
        lru.lru_cache_del(lab.state.zone, lab.state.pages, pfn)
        page_alloc.put_page(lab.state.mem, pfn)
    files = vmstat.extfrag(lab.state)
    assert files["unusable_index"].split()[4:] == ["0.000"] + ["1.000"] * 10
    assert files["extfrag_index"].split()[4:8] == ["-1.000", "0.493", "0.743", "0.868"]
