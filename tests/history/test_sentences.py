"""Each operation and each function inside one is explained in a sentence.

Also tests `history/explanation.py`, `history/function_sentences.py`,
`history/operation_sentences.py` and `history/zbud_sentences.py`.
"""

import pytest

from zbudlab import jit, layout
from zbudlab.content import corpus
from zbudlab.history import History, function_sentences, functions, sentences
from zbudlab.machine import Machine
from zbudlab.machine.operations import OPERATIONS


class TestSentences:
    @pytest.fixture
    def story(self):
        """What the last operation did, once `machine` has done it."""
        machine = Machine(frames=256, pageblock_order=5, max_pool_percent=40, threads=1)
        past = History(machine)
        return machine, lambda: past.explain(len(past)).sentence

    def test_a_first_object_takes_a_fresh_frame(self, story):
        machine, tell = story
        machine.zbud_alloc(17 * 64)
        assert "no list from 17 chunks up holds a page, so zbud takes a fresh frame" in tell()
        machine.zbud_alloc(10 * 64)
        assert "the list of 46 free chunks is the first from 10 up that holds a page" in tell()
        machine.zbud_alloc(54 * 64)
        assert "no list from 54 chunks up" in tell()

    def test_an_object_leaves_and_its_page_changes_lists(self, story):
        machine, tell = story
        first, last = machine.zbud_alloc(640), machine.zbud_alloc(1280)
        machine.zbud_map(last)
        machine.zbud_free(first)
        assert "the other one stays, and the page moves to the list of 43 free chunks" in tell()
        machine.zbud_free(last)
        assert "freed, but still mapped" in tell()
        machine.zbud_unmap(last)
        assert "the frame goes back to the page allocator" in tell()

    def test_faults_say_where_the_page_was(self, story):
        machine, tell = story
        process = machine.create_process(400)
        machine.touch(process, [7], write=True)
        assert "was never touched, so it gets frame" in tell()
        machine.touch(process, [7])
        assert "is in memory" in tell()
        machine.write(process, 0, corpus.pages("text", 300))
        assert "free memory was short" in tell()
        seen = set()
        for page in reversed(range(300)):
            if machine.state.ptes["state"][page] == layout.PTE_SWAP:
                reads = machine.swap.device.reads
                machine.touch(process, [page])
                read = machine.swap.device.reads > reads
                seen.add(read)
                assert ("from the swap device" if read else "zswap decompresses it") in tell()
            if len(seen) == 2:
                break
        assert seen == {True, False}

    def test_cma_gives_takes_back_and_refuses(self):
        machine = Machine(frames=2048, cma_pages=1024, threads=1, page_bytes=False)
        past = History(machine)

        def tell():
            return past.explain(len(past)).sentence

        pfn = machine.cma_alloc(16, align=4)
        assert "CMA gives 16 pages, frames 1024 to 1039" in tell()
        machine.cma_release(pfn, 16)
        assert "Frames 1024 to 1039 return to the CMA area, and their bits are cleared" in tell()
        process = machine.create_process(1100)
        machine.touch(process, range(1100))
        moved = machine.state.pages["mapping"][1024:] != 0
        machine.pin(1024 + int(moved.argmax()), "file")
        assert "(1 -> 2)" in tell()
        assert machine.operate("cma_alloc", 1024, 0) < 0
        assert "in each of 1 run a page stays (-EBUSY)" in tell()
        assert machine.operate("cma_alloc", 2000, 0) < 0
        assert "no run is free in its bitmap, or there was no frame" in tell()

    def test_blocks_split_and_merge(self, story):
        machine, tell = story
        pfn = machine.alloc_pages(2, "movable")
        assert f"frame {pfn} comes from the block at 0; it is split" in tell()
        machine.pin(pfn)
        assert "(1 -> 2)" in tell()
        machine.free_pages(pfn)
        assert "Another holder remains" in tell()
        machine.unpin(pfn)
        assert "it merges with them from order 2 to a block of order 8 at 0" in tell()

    def test_a_refusal_says_its_errno(self, story):
        machine, tell = story
        with pytest.raises(OSError, match="99"):
            machine.zbud_free(99)
        assert "There is no handle 99: -ENOENT" in tell()

    def test_every_operation_has_a_sentence_and_a_function(self):
        for name in OPERATIONS:
            assert name in sentences.SENTENCES
            function = sentences.FUNCTIONS.get(name, f"operations.{name}")
            source = functions.source_of(function)
            assert f"def {function.rpartition('.')[2]}(" in source.text

    def test_every_stage_is_a_kernel_with_a_sentence_and_a_place_in_linux(self):
        for name in function_sentences.STAGES:
            assert name in jit.KERNELS
            assert name.rpartition(".")[2] in sentences.SENTENCES
            assert functions.linux_of(name).file.endswith((".c", ".h"))
