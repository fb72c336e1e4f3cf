"""The machine you sit at, from recorded files: what is read, what is missing, a machine like it."""

import gzip
import json
import os
import re
import shutil
import sys
from collections import Counter

import numpy as np
import pytest

from zbudlab import history, host
from zbudlab.cli import command_line as cli
from zbudlab.host import frames, report
from zbudlab.layout import MAX_ORDER, MIGRATE_MOVABLE, MIGRATE_TYPES
from zbudlab.machine import Machine
from zbudlab.machine.errors import MachineError
from zbudlab.mm import vmstat
from zbudlab.view import HostWatch, plot_host
from zbudlab.view.hosts import plot_frames

BUDDYINFO = """\
Node 0, zone      DMA      1      0      0      0      0      0      0      0      1      1      3
Node 0, zone   Normal     10      4      3      0      2      0      1      0      1      2      4
"""
PAGETYPEINFO = """\
Page block order: 9
Pages per block:  512

Free pages count per migrate type at order       0      1      2      3      4      5      6      7
Node 0, zone   Normal, type Unmovable 4 1 0 0 0 0 0 0 0 0 0
Node 0, zone   Normal, type Movable 6 3 3 0 2 0 1 0 1 2 4
Node 0, zone   Normal, type CMA 0 0 0 0 0 0 0 0 0 0 0

Number of blocks type     Unmovable      Movable          CMA
Node 0, zone   Normal            3           16            2
"""
ZONEINFO = """\
Node 0, zone      DMA
  per-node stats
      nr_inactive_anon 5
        managed  3840
Node 0, zone   Normal
  pages free     100
        managed  10500
"""


def put(root, name, content):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


@pytest.fixture
def root(tmp_path):
    """Files as a kernel with zswap on zbud shows them; made, not recorded."""
    put(tmp_path, "proc/buddyinfo", BUDDYINFO)
    put(tmp_path, "proc/pagetypeinfo", PAGETYPEINFO)
    put(tmp_path, "proc/zoneinfo", ZONEINFO)
    put(tmp_path, "proc/vmstat", "pgfault 1000\npswpout 7\n")
    put(tmp_path, "proc/meminfo", "MemTotal:       262144 kB\nActive(anon):   12 kB\n")
    put(tmp_path, "proc/sys/kernel/osrelease", "6.1.0\n")
    put(tmp_path, "sys/module/zswap/parameters/zpool", "zbud\n")
    put(tmp_path, "sys/module/zswap/parameters/max_pool_percent", "20\n")
    put(tmp_path, "sys/kernel/debug/zswap/stored_pages", "55\n")
    bits = [1 << 10, 1 << 10, 1 << 7, 1 << 12 | 1 << 5, 1 << 5, 0, 1 << 20, 1 << 26]
    put(tmp_path, "proc/kpageflags", np.array(bits, np.uint64).tobytes())
    return tmp_path


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


def test_indices_are_those_of_the_engine(root):
    zone = host.read(root).zone()
    machine = Machine(frames=1024, page_bytes=False)
    machine.state.zone["nr_free"] = zone.free
    shown = vmstat.extfrag(machine.state)["unusable_index"].split()[-MAX_ORDER:]
    assert [f"{value:.3f}" for value in zone.index(vmstat.unusable_free_index)] == shown


@pytest.mark.parametrize("seed", [0, 1])
def test_a_machine_has_the_free_lists_of_the_host(root, seed):
    found = host.read(root)
    machine = found.machine(seed=seed)
    machine.check()
    assert machine.state.zone["nr_free"].tolist() == found.zone().free
    counts = vmstat.free_counts(machine.state)
    assert counts[0][:2] == [4, 1]
    assert counts[MIGRATE_MOVABLE] == [6, 3, 3, 0, 2, 0, 1, 0, 1, 2, 4]
    assert vmstat.pageblock_counts(machine.state)[:3] == [4, 0, 18]  # an odd one made even
    process = machine.create_process(2000)
    machine.touch(process, range(2000), write=True)
    machine.check()


def test_positions_are_the_seeds(root):
    found = host.read(root)
    digests = [found.machine(seed=seed).digest() for seed in (1, 1, 2)]
    assert digests[0] == digests[1] != digests[2]


def test_such_a_machine_replays_from_its_log(root, tmp_path):
    machine = host.read(root).machine(seed=3)
    machine.touch(machine.create_process(50), range(50))
    machine.save_log(tmp_path / "log.npz")
    assert history.rerun_to_end(tmp_path / "log.npz").digest() == machine.digest()


def test_without_pagetypeinfo_all_is_movable_and_said_so(root):
    (root / "proc/pagetypeinfo").unlink()
    found = host.read(root)
    assert any("free blocks by migrate type" in sentence for sentence in found.missing)
    machine = found.machine()
    machine.check()
    assert machine.state.zone["nr_free"].tolist() == found.zone().free
    assert vmstat.pageblock_counts(machine.state)[MIGRATE_MOVABLE] == -(-10500 // 512)


def test_free_blocks_that_fit_no_pageblock_of_their_type_are_placed_anywhere(root):
    text = re.sub(r"(zone   Normal) +3 ", r"\1 0 ", PAGETYPEINFO)
    put(root, "proc/pagetypeinfo", text)
    found = host.read(root)
    assert found.zone().pageblocks["Unmovable"] == 0
    machine = found.machine()
    machine.check()
    assert vmstat.free_counts(machine.state)[0][:2] == [4, 1]


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

    monkeypatch.setattr(path, "read_text", locked(path.read_text))
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
    assert "zswap does not use zbud here: since Linux 6.15 there is none" in host.read(root).missing
    shutil.rmtree(root / "sys")
    (sentence,) = host.read(root).missing
    assert "built without zswap" in sentence


def test_larger_orders_of_other_kernels_count_as_our_largest(root):
    put(root, "proc/buddyinfo", BUDDYINFO.replace("      4\n", "      4      0      1\n"))
    assert host.read(root).zone().free[-1] == 4 + 4


def test_other_systems_are_told_of_the_recording(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(host.HostError, match=r"not Linux.*There is a recording"):
        host.read()
    assert host.read(host.RECORDING).zone("DMA32").pageblocks


def test_a_folder_without_files_is_refused(tmp_path):
    with pytest.raises(host.HostError, match=r"to read in .*: /proc/buddyinfo: "):
        host.read(tmp_path)
    with pytest.raises(host.HostError, match="no zone 'Movable' here, only: DMA, DMA32, Normal"):
        host.read(host.RECORDING).zone("Movable")


def test_a_buddyinfo_without_zones_is_told(root):
    put(root, "proc/buddyinfo", "")
    with pytest.raises(host.HostError, match="/proc/buddyinfo names no zone"):
        host.read(root)


def test_a_zone_of_unknown_size_is_refused_with_what_to_do(root):
    (root / "proc/pagetypeinfo").unlink()
    (root / "proc/zoneinfo").unlink()
    with pytest.raises(host.HostError, match=r"zone Normal is, is not known: put .*proc/zoneinfo"):
        host.read(root).machine()
    put(root, "proc/pagetypeinfo", PAGETYPEINFO)
    assert host.read(root).machine().config.frames == 22 << 9


def test_a_zone_larger_than_a_machine_is_refused_with_those_that_fit(root):
    (root / "proc/pagetypeinfo").unlink()
    put(root, "proc/zoneinfo", ZONEINFO.replace("10500", str((1 << 24) + 1)))
    found = host.read(root)
    with pytest.raises(host.HostError) as told:
        found.machine()
    assert str(told.value) == (
        "zone Normal has 16778240 page frames (64.0 GiB), a machine 16777216 at most; "
        "ask for a smaller zone: DMA"
    )
    assert found.machine("DMA").config.frames == 4096


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


def test_a_recording_of_a_recording_is_the_same(tmp_path):
    host.record(tmp_path / "copy", host.RECORDING)
    one, other = host.read(host.RECORDING), host.read(tmp_path / "copy")
    assert other.kinds.tolist() == one.kinds.tolist()
    assert {**one.as_dict(), "root": ""} == {**other.as_dict(), "root": ""}


def test_what_is_recorded_reads_the_same(root, tmp_path):
    copy = tmp_path / "copy"
    assert len(host.record(copy, root)) == 10
    assert host.read(copy).kinds.tolist() == host.read(root).kinds.tolist()
    one, other = host.read(root).as_dict(), host.read(copy).as_dict()
    assert {**one, "root": ""} == {**other, "root": ""}


# --- page frames ---------------------------------------------------------------------------------


def test_each_frame_is_what_the_first_of_its_flags_says(root):
    found = host.read(root)
    named = [frames.KINDS[kind] for kind in found.kinds]
    assert named == [
        "free",
        "free",
        "slab",
        "anonymous",
        "file",
        "kernel",
        "no frame",
        "page table",
    ]
    assert {name: n for name, n in found.frames.items() if n} == Counter(named)
    assert "kinds" not in found.as_dict()


def test_joined_cells_are_what_most_of_their_frames_are():
    assert frames.joined(np.array([2, 2, 5, 2, 5, 8, 5, 5, 7], np.uint8), 4).tolist() == [
        2,
        5,
        7,
    ]


def test_the_recording_has_a_map_of_its_frames():
    found = host.read(host.RECORDING)
    assert sum(found.frames.values()) == len(found.kinds)
    ax = plot_frames(found)
    cells = np.asarray(ax.images[0].get_array())
    assert cells.size <= 1 << 16
    assert {"free", "anonymous", "file"} <= {frames.KINDS[kind] for kind in np.unique(cells)}
    assert "a cell 64 frames" in ax.get_title(loc="left")


def test_without_kpageflags_there_is_no_map_and_it_says_why(root):
    (root / "proc/kpageflags").unlink()
    found = host.read(root)
    with pytest.raises(ValueError, match="only root"):
        plot_frames(found)
    assert len(plot_host(found).axes) == 3


class TestWatch:
    def test_each_look_shows_the_host_as_it_is(self, root):
        watch = HostWatch(root)
        sent = []
        watch.send = lambda message, buffers=(): sent.append((message, buffers))
        put(root, "proc/vmstat", "pgfault 4000\npswpout 7\n")
        put(root, "proc/buddyinfo", BUDDYINFO.replace("Normal     10", "Normal     77"))
        watch._asked(None, {"kind": "look"}, None)
        ((told, (picture,)),) = sent
        assert picture.startswith(b"\x89PNG")
        assert re.search(r"free blocks +77 +4", told["words"])
        assert re.search(r"a second, .* pgfault \d+, pswpout 0", told["words"])
        assert watch.summary == told["words"]

    def test_files_that_are_gone_are_told_and_the_last_picture_stays(self, root):
        watch = HostWatch(root)
        sent = []
        watch.send = lambda message, buffers=(): sent.append((message, buffers))
        (root / "proc/buddyinfo").unlink()
        watch._asked(None, {"kind": "look"}, None)
        ((told, buffers),) = sent
        assert "buddyinfo" in told["error"]
        assert not buffers
        assert watch.host.zone().name == "Normal"

    def test_it_leaves_a_picture_and_words(self, root):
        data, _ = HostWatch(root)._repr_mimebundle_()
        assert data["text/plain"].endswith("Run this cell to make it live.")
        assert data["image/png"].startswith("iVBOR")

    def test_seconds_that_cannot_be(self, root):
        with pytest.raises(ValueError, match="seconds must be above 0, not 0"):
            HostWatch(root, seconds=0)


# --- the command ---------------------------------------------------------------------------------


def test_the_report_names_figures_and_what_is_missing(root, capsys):
    assert cli.main(["host", "--root", str(root)]) == 0
    said = capsys.readouterr().out
    assert "Linux 6.1.0" in said
    assert re.search(r"free blocks +10 +4 +3 +0 +2 +0 +1 +0 +1 +2 +4\n", said)
    assert "not to be had" not in said
    assert cli.main(["host", "--recording"]) == 0
    assert "zswap does not use zbud here" in capsys.readouterr().out


def test_json_and_picture(root, tmp_path, capsys):
    picture = tmp_path / "host.png"
    assert cli.main(["host", "--root", str(root), "--json", "--plot", str(picture)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["zones"][1]["unusable_index"][0] == 0
    assert told["zswap_counters"] == {"stored_pages": 55}
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_watching_tells_what_changed(root, capsys, monkeypatch):
    from zbudlab.cli import host as command

    def later(seconds):
        put(root, "proc/vmstat", "pgfault 1500\npswpout 7\n")

    monkeypatch.setattr(command.time, "sleep", later)
    assert cli.main(["host", "--root", str(root), "--watch", "0.5", "--times", "2"]) == 0
    said = capsys.readouterr().out
    assert said.count("Linux 6.1.0") == 2
    assert "a second, in the last 0.5 s: pgfault 1000, pswpout 0" in said
    assert cli.main(["host", "--root", str(root), "--watch", "0"]) == 2


def test_recording_by_the_command(root, tmp_path, capsys):
    words = ["host", "--root", str(root), "--record", str(tmp_path / "copy")]
    assert cli.main(words) == 0
    assert "10 files written" in capsys.readouterr().out
    assert report.report(host.read(tmp_path / "copy"))


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--watch", "inf"], "--watch takes seconds above 0, at most 86400, not inf"),
        (["--watch", "nan"], "at most 86400, not nan"),
        (["--watch", "--json"], "--json would do nothing beside --watch"),
        (["--watch", "--plot", "x.png"], "--plot would do nothing beside --watch"),
        (["--record", "x", "--json"], "--json would do nothing beside --record"),
        (["--record", "x", "--watch"], "--watch would do nothing beside --record"),
        (["--times", "2"], "--times would do nothing without --watch"),
        (["--watch", "--times", "0"], "--times takes 1 or more, not 0"),
        (["--root", "x", "--recording"], "--root and --recording are two hosts"),
    ],
)
def test_options_that_would_do_nothing_are_refused(capsys, tmp_path, monkeypatch, words, why):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["host", *words]) == 2
    assert why in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_the_recording_is_what_is_copied(tmp_path, capsys):
    assert cli.main(["host", "--recording", "--record", str(tmp_path / "copy")]) == 0
    assert host.read(tmp_path / "copy").release == host.read(host.RECORDING).release


# --- free lists of a machine ---------------------------------------------------------------------


def test_free_lists_that_cannot_be_are_refused():
    free, pageblocks = np.zeros((MIGRATE_TYPES, MAX_ORDER), int), np.zeros(MIGRATE_TYPES, int)
    pageblocks[MIGRATE_MOVABLE] = 8
    machine = Machine(frames=4096)
    with pytest.raises(MachineError, match="6 types by 11 orders"):
        machine.lay_out(free[:2], pageblocks)
    with pytest.raises(MachineError, match=r"8 pageblocks .* 8192 frames"):
        Machine(frames=8192).lay_out(free, pageblocks)
    free[MIGRATE_MOVABLE, 10] = 5
    with pytest.raises(MachineError, match="no 4096 frames can hold"):
        machine.lay_out(free, pageblocks)
    machine.alloc_pages()
    with pytest.raises(MachineError, match="before memory is used"):
        machine.lay_out(free, pageblocks)
