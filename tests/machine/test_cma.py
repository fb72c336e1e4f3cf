"""CMA as drivers meet it: requests, releases, what blocks them, and cma= at boot."""

import errno
import re
from pathlib import Path

import numpy as np
import pytest

from zbudlab.history import History
from zbudlab.layout import ENOMEM
from zbudlab.machine import ConfigError, Machine, MachineError
from zbudlab.machine.cma import BLOCKERS, cma_parameter, longest_run

FRAMES, AREA = 4096, 1024


def machine(**settings):
    wanted = {"frames": FRAMES, "cma_pages": AREA, "page_bytes": False, "zswap": False}
    return Machine(**wanted | settings)


def full(**settings):
    """A machine with pages of a process in its CMA area, and free frames elsewhere."""
    made = machine(**settings)
    first, process = made.create_process(1500), made.create_process(FRAMES)
    made.touch(first, range(1500))
    made.touch(process, range(2500))
    made.exit(first)
    return made, process


def in_area(made):
    """Frames of the area with pages of processes."""
    first, last = made.cma_area
    return first + np.flatnonzero(made.state.pages["mapping"][first:last])


def test_pages_are_given_and_given_back():
    made, _ = full()
    free = int(made.state.zone["nr_free_pages"])
    assert len(in_area(made)) > 100
    pfns = [made.cma_alloc(100), made.cma_alloc(100, align=6), made.cma_alloc(7)]
    assert pfns == [3072, 3200, 3172]  # the last one fits into the gap
    assert made.cma_bitmap.sum() == 207
    assert (made.state.pages["refcount"][3072:3172] == 1).all()
    assert made.paging.events["pgmigrate_success"] > 0
    made.check()
    for pfn, count in zip(pfns, (100, 100, 7), strict=True):
        made.cma_release(pfn, count)
    assert not made.cma_bitmap.any()
    assert made.state.zone["nr_free_pages"] == free
    made.check()


def test_the_next_run_is_tried_where_a_page_stays():
    made, _ = full()
    taken = in_area(made)
    made.pin(int(taken[taken >= 3072 + 30][0]))
    blocked = int(taken[taken >= 3072 + 30][0])
    assert made.cma_alloc(64, align=6) == blocked // 64 * 64 + 64


def test_all_runs_busy_is_ebusy_and_says_what_stays():
    made, _ = full()
    taken = [int(pfn) for pfn in in_area(made)]
    for pfn, kind in zip(taken[::20], ("pin", "buffers", "file") * 99, strict=False):
        made.pin(pfn, kind)
    before = made.state.zone["nr_free_pages"]
    with pytest.raises(
        MachineError, match="in every free run of the area a page stays; "
    ) as caught:
        made.cma_alloc(512)
    assert caught.value.errno == errno.EBUSY
    counts = made.cma_blockers()
    assert counts["pin"] >= counts["buffers"] >= counts["file"] > 0
    assert counts["pin"] + counts["buffers"] + counts["file"] == len(taken[::20])
    assert f"{counts['buffers']} pages whose buffers are in use" in str(caught.value)
    assert f"{counts['file']} pages of a file that may not move now" in str(caught.value)
    assert not made.cma_bitmap.any()
    assert made.state.zone["nr_free_pages"] == before
    made.check()


def test_zbud_pages_with_mapped_objects_and_earlier_requests_are_told_apart():
    made = machine()
    made.alloc_contig_range(3072, 3072 + 16)
    handles = [made.zbud_alloc(2500) for _ in range(3300)]
    for handle in handles[:500]:
        made.zbud_free(handle)
    made.zbud_map(handles[-1])
    counts = made.cma_blockers()
    assert (counts["taken"], counts["mapped"], counts["unmovable"]) == (16, 1, 0)
    made.cma_alloc(8)
    assert made.cma_blockers() == counts
    made.set_zbud_movable(False)
    assert made.cma_blockers()["unmovable"] > 100
    assert set(counts) == set(BLOCKERS)


@pytest.mark.parametrize(
    ("count", "align", "why"),
    [
        (AREA + 1, 0, "the area has 1024"),
        (900, 0, "no run of that size is free in the area's bitmap: 824 of 1024 bits are free, the "
         "longest run is 824"),
        (800, 9, "no run of that size aligned to 512 pages is free"),
    ],
)  # fmt: skip
def test_requests_without_a_run_are_enomem(count, align, why):
    made = machine()
    made.cma_alloc(200)
    with pytest.raises(MachineError, match=why) as caught:
        made.cma_alloc(count, align=align)
    assert caught.value.errno == errno.ENOMEM


def test_no_target_frame_is_enomem_after_reclaim():
    made = machine(swap_pages=0)
    process = made.create_process(FRAMES)
    made.touch(process, range(FRAMES - 300))
    with pytest.raises(MachineError, match="there is no frame to move a page to") as caught:
        made.cma_alloc(64)
    assert caught.value.errno == errno.ENOMEM
    assert not made.cma_bitmap.any()


def test_pages_are_reclaimed_where_there_is_no_frame_to_move_them_to():
    made = machine()
    process = made.create_process(FRAMES)
    made.touch(process, range(FRAMES - 300))
    assert made.cma_alloc(64) == 3072
    assert made.paging.events["pswpout"] > 0
    made.check()


def test_a_machine_without_an_area_has_no_pages_of_it():
    made = Machine(frames=FRAMES)
    for count in (1, 2**63 - 1):
        with pytest.raises(MachineError, match="the area has 0"):
            made.cma_alloc(count)
    assert made.operate("cma_alloc", 1, 0) == -ENOMEM


def test_only_what_was_given_can_be_released():
    made = machine(cma_order_per_bit=2)
    pfn = made.cma_alloc(6)
    assert (made.cma_bitmap[:3].tolist(), len(made.cma_bitmap)) == ([1, 1, 0], 256)
    assert made.cma_alloc(1) == pfn + 8
    for wrong in ((pfn, 0), (pfn - 4, 6), (pfn, 9), (pfn + 20, 1), (10, 1)):
        with pytest.raises(MachineError):
            made.cma_release(*wrong)
    with pytest.raises(MachineError, match="use cma_release"):
        made.free_contig_range(pfn, pfn + 6)
    made.cma_release(pfn, 6)
    made.alloc_contig_range(pfn, pfn + 4)
    with pytest.raises(MachineError, match="cma_alloc did not allocate"):
        made.cma_release(pfn, 4)
    made.free_contig_range(pfn, pfn + 4)


def test_the_log_and_snapshots_have_requests_and_kinds_of_pins(tmp_path):
    made, _ = full(keyframes=True, keyframe_seconds=0)
    pfn = int(in_area(made)[0])
    made.pin(pfn, "buffers")
    made.pin(pfn)
    saved = made.snapshot()
    made.unpin(pfn)
    assert made.cma_blockers()["buffers"] == 1
    first = made.cma_alloc(32)
    made.unpin(pfn)
    assert made.cma_blockers()["buffers"] == 0
    made.save_log(tmp_path / "log")
    again = History(tmp_path / "log").machine_at(len(made.log.places()))
    assert again.digest() == made.digest()
    assert again.cma_bitmap.tolist() == made.cma_bitmap.tolist()
    made.cma_release(first, 32)
    made.restore(saved)
    assert not made.cma_bitmap.any()
    assert made.pins[pfn] == 2
    assert made.cma_blockers()["buffers"] == 1


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("4M", {"cma_pages": 1024}),
        ("5M", {"cma_pages": 2048}),
        ("0", {"cma_pages": 0}),
        ("0x400000", {"cma_pages": 1024}),
        ("4096K@8M", {"cma_pages": 1024, "cma_start": 2048}),
        ("4m@0-64M", {"cma_pages": 1024, "cma_start": 15360}),
        ("4M@8M-12M", {"cma_pages": 1024, "cma_start": 2048}),
        ("4M@0", {"cma_pages": 1024, "cma_start": 0}),
    ],
)
def test_the_boot_parameter_is_read_as_the_kernel_does(text, wanted):
    assert cma_parameter(text, 16384) == wanted
    first, last = Machine(frames=16384, cma=text, page_bytes=False).cma_area
    assert last - first == wanted["cma_pages"]
    assert first == wanted.get("cma_start", 16384 - wanted["cma_pages"])


@pytest.mark.parametrize(
    "text", ["", "4X", "M", "4M@", "4M@1M", "4M@62M", "128M@0", "4M@8M-9M", "4M@60M-99M@", 4, "-4M"]
)
def test_other_text_and_places_are_refused(text):
    with pytest.raises(ConfigError, match="cma"):
        Machine(frames=16384, cma=text)
    with pytest.raises(ConfigError):
        Machine(frames=16384, cma_pages=1024, cma_start=15872)


def test_an_area_in_the_middle_of_memory_is_given():
    made = Machine(frames=FRAMES, cma="4M@4M", page_bytes=False)
    assert made.cma_area == (1024, 2048)
    assert made.cma_alloc(1000) == 1024
    made.check()


def test_the_longest_run_is_counted():
    assert longest_run(np.array([True, False, True, True, False])) == 2
    assert longest_run(np.zeros(3, bool)) == longest_run(np.zeros(0, bool)) == 0
    assert longest_run(np.ones(4, bool)) == 4


def test_the_example_of_the_documentation_runs(capsys):
    text = (Path(__file__).parents[2] / "docs" / "cma.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    exec(example, {})
    assert "8192" in capsys.readouterr().out
