"""The interface to allocators: zswap, migration, compaction and views run on another allocator.

Also tests `mm/zbud_reader.py`, `mm/zbud_zpool.py` and `mm/zpool_reader.py`.
"""

import numpy as np
import pytest

from tests import toy_allocator
from tests.toy_allocator import KIND, Toy, behind_zpool
from zbudlab import jit, layout
from zbudlab.analysis import blockers, ownership
from zbudlab.machine import Machine, core
from zbudlab.mm import inspection, zpool, zpool_reader
from zbudlab.swap.settings import ZswapSettings
from zbudlab.view import details

FRAMES = 512
OF_TOY = {"kind": KIND}


@pytest.fixture
def toy(monkeypatch):
    """A toy allocator; machines that are made meanwhile have it under zswap."""
    made = Toy()
    monkeypatch.setitem(zpool_reader.READERS, KIND, made)
    monkeypatch.setitem(inspection.POOL_FAULTS, KIND, made.faults)
    monkeypatch.setitem(details.POOL_PAGES, KIND, made.page_for_inspector)
    monkeypatch.setattr(core, "ZswapSettings", lambda **given: ZswapSettings(**given | OF_TOY))
    originals = {name: jit.on_plain_arrays(getattr(zpool, name)) for name in toy_allocator.NAMES}
    with jit.replaced(behind_zpool(made, originals)):
        yield made


def pages(count, seed=1):
    """Pages that compress to lengths from 20 bytes to more than a page."""
    random = np.random.default_rng(seed)
    made = np.zeros((count, layout.PAGE_SIZE), np.uint8)
    for page, size in zip(made, random.integers(0, layout.PAGE_SIZE + 1, count), strict=True):
        page[:size] = random.integers(0, 256, size)
    return made


def filled(profile, **settings):
    """A machine under pressure, its process and what was written."""
    made = Machine(frames=FRAMES, profile=profile, max_pool_percent=30, threads=1, **settings)
    process, content = made.create_process(650), pages(650)
    made.write(process, 0, content)
    return made, process, content


@pytest.mark.parametrize("profile", ["3.12-fixed", "6.1"])
def test_zswap_stores_loads_and_frees(toy, profile):
    made, process, content = filled(profile)
    made.check()
    counters = made.swap.counters()
    assert counters["stored_pages"] > 50
    assert counters["pool_pages"] == sum(len(found[0]) for found in toy.objects.values())
    # No header: an object is as long as what the compressor made of the page.
    entries = made.state.zswap_entries
    stored = entries[(entries["refcount"] > 0) & (entries["handle"] > 0)]
    assert all(toy.objects[e["handle"]][1] == e["length"] for e in stored)
    assert any(len(found[0]) == 2 for found in toy.objects.values())
    assert np.array_equal(made.read(process, 0, 650), content)
    made.check()
    made.exit(process)
    if profile == "3.12-fixed":
        assert not toy.objects


def test_a_full_pool_that_cannot_shrink_refuses(toy):
    made, *_ = filled("3.12-fixed")
    counters = made.swap.counters()
    assert counters["pool_limit_hit"] > 0
    assert counters["reject_reclaim_fail"] == counters["pool_limit_hit"]
    assert counters["written_back_pages"] == 0


def test_compaction_moves_its_pages_and_leaves_mapped_ones(toy):
    made, process, content = filled("3.12-fixed", pageblock_order=4)
    made.touch(process, range(0, 600, 3))
    before = {handle: list(found[0]) for handle, found in toy.objects.items()}
    mapped = min(before, key=before.get)
    toy.zpool_map_handle(made.state.mem, 0, mapped)
    made.compact()
    assert toy.moved > 0
    assert toy.objects[mapped][0] == before[mapped]
    made.check()
    toy.zpool_unmap_handle(made.state.mem, 0, mapped)
    assert np.array_equal(made.read(process, 0, 650), content)


def test_views_and_proofs_read_its_pages(toy):
    made, *_ = filled("3.12-fixed")
    (pfn, *_), size, _ = next(found for found in toy.objects.values() if len(found[0]) == 2)
    cells = inspection.frame_cells(made.state)
    assert cells[pfn] & layout.FRAME_KIND_MASK == layout.FRAME_POOL_FULL
    assert not blockers.pinned_frames(made.state, inspection.frame_kinds(made.state))[pfn]
    made.pin(pfn)
    assert blockers.pinned_frames(made.state, inspection.frame_kinds(made.state))[pfn]
    assert inspection.frame_cells(made.state)[pfn] & layout.FRAME_PINNED
    assert details.words(made, pfn).startswith(f"pfn {pfn}: toy, {size} bytes, 2 references")
    assert "toy page" in dict(details.details(made, pfn)["parts"])
    parts = zpool_reader.page_parts(made.state, np.array([pfn]))[0]
    assert np.flatnonzero(parts).tolist() == list(range(toy_allocator.START // 64, 64))


def test_each_page_is_proved_without_page_bytes(toy):
    made = Machine(frames=FRAMES, page_bytes=False, max_pool_percent=30)
    process = made.create_process(650)
    made.write(process, 0, np.random.default_rng(1).integers(20, 4000, 650))
    proof = ownership.prove(made.state, process)
    assert proof.proved == 650
    assert np.count_nonzero(proof.handles) == len(toy.objects) > 50
    toy.objects[int(proof.handles[proof.handles > 0][0])][1] += 1
    assert ownership.prove(made.state, process).proved == 649


def test_every_operation_of_the_toy_is_one_of_the_interface():
    assert set(toy_allocator.NAMES) <= {
        name.partition(".")[2] for name in jit.KERNELS if name.startswith("zpool.")
    }


def test_an_unknown_kind_is_refused():
    made = Machine(frames=64)
    made.state.pools["kind"][0] = 99
    mem = made.state.mem
    assert zpool.zpool_create_pool(mem, 0) == -layout.EINVAL
    assert zpool.zpool_malloc(mem, 0, 100, layout.MIGRATE_MOVABLE) == -layout.EINVAL
    assert zpool.zpool_shrink_begin(mem, 0, np.zeros(2, np.int64)) == -layout.EINVAL
