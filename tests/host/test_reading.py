"""A host from its files: what is read, what is missing and why, and where files disagree.

Also tests `host/procfs.py`, `host/release.py` and `host/report.py`.
"""

import gzip
import os
import shutil
import sys

import pytest

from tests.host.made_up import BUDDYINFO, DATA, put, recorded
from zbudlab import host
from zbudlab.host import frames
from zbudlab.host.report import report
from zbudlab.layout import MIGRATE_MOVABLE
from zbudlab.mm import vmstat


def test_everything_that_is_there_is_read(root):
    found = host.read(root)
    assert found.release == "6.1.0"
    assert [(zone.name, zone.managed) for zone in found.zones] == [("DMA", 3840), ("Normal", 10500)]
    normal = found.zone()
    assert normal.name == "Normal"
    assert normal.free == [10, 4, 3, 0, 2, 0, 1, 0, 1, 2, 4]
    assert normal.by_type["Unmovable"][:2] == [4, 1]
    assert normal.pageblocks == {"Unmovable": 3, "Movable": 16, "CMA": 2}
    assert found.vmstat == {"pgfault": 1000, "pswpout": 7}
    assert found.meminfo["MemTotal"] == 262144 * 1024
    assert found.zswap == {"zpool": "zbud", "max_pool_percent": "20"}
    assert found.zswap_counters == {"stored_pages": 55}
    shown = {name: count for name, count in found.frames.items() if count}
    assert shown == {
        "no frame": 1, "free": 2, "slab": 1, "page table": 1, "anonymous": 1, "file": 1, "kernel": 1
    }  # fmt: skip
    assert found.missing == []


def test_without_pagetypeinfo_all_is_movable_and_said_so(root):
    (root / "proc/pagetypeinfo").unlink()
    found = host.read(root)
    assert any("free blocks by migrate type" in sentence for sentence in found.missing)
    machine = found.machine()
    machine.check()
    assert machine.state.zone["nr_free"].tolist() == found.zone().free
    assert vmstat.pageblock_counts(machine.state)[MIGRATE_MOVABLE] == -(-10500 // 512)


def test_what_needs_root_is_said(root, monkeypatch):
    secret = {"pagetypeinfo", "kpageflags", "zswap"}
    path = type(root)

    def locked(real):
        def method(self, *arguments, **more):
            if self.name in secret:
                raise PermissionError(13, "Permission denied")
            return real(self, *arguments, **more)

        return method

    def closed(name, *arguments, **more):
        if os.path.basename(str(name)) in secret:
            raise PermissionError(13, "Permission denied")
        return open(name, *arguments, **more)

    monkeypatch.setattr(path, "read_bytes", locked(path.read_bytes))
    monkeypatch.setattr(path, "iterdir", locked(path.iterdir))
    monkeypatch.setattr(frames, "open", closed, raising=False)
    missing = host.read(root).missing
    assert [sentence.split(":")[0] for sentence in missing] == [
        "/proc/pagetypeinfo", "/sys/kernel/debug/zswap", "/proc/kpageflags"
    ]  # fmt: skip
    assert all("only root may read it" in sentence for sentence in missing)


def test_kernels_without_zswap_or_zbud_say_so(root):
    put(root, "sys/module/zswap/parameters/zpool", "zsmalloc\n")
    assert "zswap does not use zbud here" in host.read(root).missing
    (root / "sys/module/zswap/parameters/zpool").unlink()
    assert "zswap does not use zbud here: Linux has none since 6.15" in host.read(root).missing
    shutil.rmtree(root / "sys")
    (sentence,) = host.read(root).missing
    assert sentence.startswith("not in this recording: /sys/module/zswap/parameters")


def test_other_systems_are_told_of_the_recording(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(host.HostError, match=r"not Linux.*There is a recording"):
        host.read()
    assert host.read(host.RECORDING).zone("DMA32").pageblocks


def test_a_folder_without_files_is_refused(tmp_path):
    with pytest.raises(host.HostError, match=r"in .*: not in this recording: /proc/buddyinfo"):
        host.read(tmp_path)
    with pytest.raises(host.HostError, match="no zone 'Movable' here, only: DMA, DMA32, Normal"):
        host.read(host.RECORDING).zone("Movable")


def test_a_buddyinfo_without_zones_is_told(root):
    put(root, "proc/buddyinfo", "")
    (root / "proc/pagetypeinfo").unlink()
    with pytest.raises(host.HostError, match="/proc/buddyinfo names no zone"):
        host.read(root)


@pytest.mark.parametrize(
    "content",
    [gzip.compress(bytes(80000))[:-30], gzip.compress(bytes(81)), b"no gzip at all"],
    ids=["cut off", "half a word", "no gzip"],
)
def test_a_damaged_recording_of_the_frames_is_told_and_the_rest_is_read(root, content):
    put(root, "proc/kpageflags.gz", content)
    found = host.read(root)
    (sentence,) = found.missing
    assert sentence.startswith("/proc/kpageflags: cut off or damaged")
    assert found.zone().name == "Normal"
    assert not found.kinds.size


# --- hosts of other kinds, as people recorded them ------------------------------------------------


def test_memory_in_pages_of_64_kib_has_its_size(tmp_path):
    found = host.read(recorded("pages_of_64k", tmp_path))
    assert found.page_size == 65536
    said = report(found)
    assert "zone DMA: 51 MiB of 3.7 GiB free" in said
    assert "zone Normal: 12 MiB of 12.0 GiB free" in said
    assert "pages here are 64 KiB" in said
    assert "pages here are 64 KiB, the machine has as many of 4 KiB" in found.simulated("Normal")


def test_files_read_at_different_times_are_named_with_both_numbers(tmp_path):
    found = host.read(recorded("files_disagree", tmp_path))
    assert found.notes == [
        "buddyinfo has 123190 free pages in node 0, zone DMA32, pagetypeinfo 198205: they were "
        "read at different times; the machine takes pagetypeinfo's"
    ]
    assert found.machine().state.zone["nr_free_pages"] == 198205


def test_a_file_that_a_recording_lacks_says_nothing_about_the_kernel(tmp_path):
    found = host.read(recorded("zswap_in_meminfo", tmp_path))
    assert len(found.missing) == 5
    assert all(sentence.startswith("not in this recording: /") for sentence in found.missing)
    assert "built without" not in report(found)
    assert "zswap holds 10 MiB of pages in 22 MiB: a ratio of 0.45" in report(found)


def test_kernels_before_3_9_have_present_pages_only(tmp_path):
    found = host.read(recorded("no_managed_3_2", tmp_path))
    assert "3.1 GiB of 3.2 GiB free" in report(found)
    assert found.machine("DMA32").config.frames == 829440


def test_wrapped_lines_are_joined(tmp_path):
    found = host.read(recorded("wrapped_lines", tmp_path))
    dma, dma32 = found.zones
    assert dma.free == [1, 0, 0, 0, 2, 1, 1, 0, 1, 1, 3]
    assert dma32.free == [372, 418, 403, 395, 371, 322, 262, 179, 114, 0, 0]
    assert "zone DMA: 16 MiB free, its size is not known" in report(found)


def test_free_frames_before_4_6_are_said_to_be_blocks(tmp_path):
    found = host.read(recorded("kpageflags_before_4_6", tmp_path))
    (note,) = found.notes
    assert "'free' and 'slab' count blocks" in note
    assert "buddyinfo has 6 free pages" in note


def test_free_frames_that_agree_with_blocks_are_said_to_be_blocks(tmp_path):
    root = recorded("kpageflags_before_4_6", tmp_path)
    (root / "proc/sys/kernel/osrelease").unlink()
    (note,) = host.read(root).notes
    assert "seems to be of a kernel before Linux 4.6" in note


@pytest.mark.parametrize("as_file", [True, False], ids=["a file", "instead of buddyinfo"])
def test_a_kernel_log_is_read_as_a_host(tmp_path, as_file):
    log = DATA / "mem_info.txt"
    if not as_file:
        put(tmp_path, "proc/buddyinfo", log.read_bytes())
    found = host.read(log if as_file else tmp_path)
    assert [zone.name for zone in found.zones] == ["DMA32", "Normal"]
    assert found.zones[0].free == [779, 485, 430, 188, 846, 613, 196, 76, 50, 25, 11]
    assert found.zones[1].free == [588, 296, 189, 73, 81, 35, 6, 16, 3, 0, 0]
    assert found.zones[0].managed == 1908640 // 4
    assert found.zones[0].letters[0] == "UMEC"
    assert "is a kernel log" in found.notes[0]
    machine = found.machine("Normal")
    machine.check()
    assert machine.state.zone["nr_free"].tolist() == found.zones[1].free


def test_text_without_free_lists_is_refused(tmp_path):
    put(tmp_path, "log", "hello\n")
    with pytest.raises(host.HostError, match=r"neither lines of /proc/buddyinfo nor free lists"):
        host.read(tmp_path / "log")
    put(tmp_path, "proc/buddyinfo", "hello\n")
    with pytest.raises(host.HostError, match=r"1 line is not understood: line 1: 'hello'"):
        host.read(tmp_path)


TERMINAL = """\
$ cat /proc/buddyinfo\r
Node 0, zone      DMA      1      0      2 Node 0, zone    DMA32     10     4     3\r
[   12.345678] Node 0, zone   Normal      7      0      1\r
> Node 1, zone   Normal      9      0      1\r
something else\r
"""


def test_terminals_logs_and_mail_are_read_and_odd_lines_named(tmp_path):
    put(tmp_path, "text", TERMINAL)
    found = host.read(tmp_path / "text")
    assert [(zone.node, zone.name, zone.free) for zone in found.zones] == [
        (0, "DMA", [1, 0, 2]),
        (0, "DMA32", [10, 4, 3]),
        (0, "Normal", [7, 0, 1]),
        (1, "Normal", [9, 0, 1]),
    ]
    (note,) = found.notes
    assert note == "/proc/buddyinfo: 1 line is not understood: line 5: 'something else'"


def test_of_several_recordings_the_last_is_used(tmp_path):
    put(tmp_path, "text", BUDDYINFO + BUDDYINFO.replace("Normal     10", "Normal     11"))
    found = host.read(tmp_path / "text")
    assert found.zone("Normal").free[0] == 11
    assert found.notes == ["/proc/buddyinfo has 2 recordings one after another: the last is used"]
