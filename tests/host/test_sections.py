"""Several files of /proc in one text."""

import textwrap

import pytest

from tests.host.made_up import BUDDYINFO, PAGETYPEINFO, ZONEINFO
from zbudlab import host
from zbudlab.host.sections import split

MEMINFO = "MemTotal:      57360 kB\nActive(anon):     12 kB\nHugePages_Total:       0\n"
VMSTAT = "nr_free_pages 1234\npgfault 77\n"
NORMAL = [10, 4, 3, 0, 2, 0, 1, 0, 1, 2, 4]

BUG_REPORT = f"""\
== dumpstate: 2020-01-01 00:00:00
Kernel: Linux version 4.14.117 (a@b) #1 SMP PREEMPT
------ MEMORY INFO (/proc/meminfo) ------
{MEMINFO}
------ ZONEINFO (/proc/zoneinfo) ------
{ZONEINFO}
------ PAGETYPEINFO (/proc/pagetypeinfo) ------
{PAGETYPEINFO}
------ BUDDYINFO (/proc/buddyinfo) ------
{BUDDYINFO}
------ VIRTUAL MEMORY STATS (/proc/vmstat) ------
{VMSTAT}
"""
TERMINAL = f"""\
root@box:~# uname -a
Linux box 4.14.117 #1 SMP x86_64
root@box:~# cat /proc/zoneinfo /proc/vmstat
{ZONEINFO}{VMSTAT}root@box:~# cat /proc/pagetypeinfo /proc/buddyinfo /proc/meminfo
{PAGETYPEINFO}{BUDDYINFO}{MEMINFO}root@box:~#
"""
SUPPORTCONFIG = "".join(
    f"#==[ Configuration File ]=====#\n# /proc/{name}\n{text}"
    for name, text in [
        ("buddyinfo", BUDDYINFO),
        ("meminfo", MEMINFO),
        ("pagetypeinfo", PAGETYPEINFO),
        ("vmstat", VMSTAT),
        ("zoneinfo", ZONEINFO),
        ("version", "Linux version 4.14.117 (a@b)\n"),
    ]
)
QUOTED = "".join(f"> {line}\n" for line in BUG_REPORT.splitlines())
WRAPPED = "\n".join(
    part
    for line in BUG_REPORT.splitlines()
    for part in textwrap.wrap(line, 60, break_long_words=False) or [""]
)


@pytest.mark.parametrize(
    "text",
    [BUG_REPORT, TERMINAL, SUPPORTCONFIG, QUOTED, WRAPPED, BUG_REPORT.replace("\n", "\r\n")],
    ids=["bug report", "terminal", "supportconfig", "quoted", "wrapped", "Windows"],
)
def test_files_one_after_another_are_told_apart(text):
    found = host.from_text(text)
    normal = found.zone("Normal")
    assert (normal.free, normal.managed) == (NORMAL, 10500)
    assert normal.by_type["Unmovable"][:2] == [4, 1]
    assert normal.pageblocks == {"Unmovable": 3, "Movable": 16, "CMA": 2}
    assert found.meminfo["MemTotal"] == 57360 * 1024
    assert found.vmstat == {"nr_free_pages": 1234, "pgfault": 77}
    assert found.release == "4.14.117"


def test_the_table_of_pageblocks_is_not_taken_for_free_blocks():
    found = host.from_text(PAGETYPEINFO)
    assert found.zone().free == NORMAL
    assert "free blocks are those of pagetypeinfo: there is no buddyinfo" in found.notes


def test_lines_of_no_file_are_named_by_their_number_in_the_text():
    found = host.from_text(f"{VMSTAT}{MEMINFO}what is this\n{BUDDYINFO}")
    assert found.notes[0] == "/proc/buddyinfo: 1 line is not understood: line 6: 'what is this'"
    assert split("x\n")["zoneinfo"] == ""


def test_pages_of_16_kib_are_known_from_a_terminal():
    text = f"# getconf PAGESIZE\n16384\n# cat /proc/buddyinfo\n{BUDDYINFO}"
    assert host.from_text(text).page_size == 16384
    assert host.from_text(f"{BUDDYINFO}{ZONEINFO}{MEMINFO}").page_size == 4096
    sixteen = MEMINFO.replace("57360", str(16 * 14340))
    assert host.from_text(f"{BUDDYINFO}{ZONEINFO}{sixteen}").page_size == 16384


def test_counters_of_a_node_are_not_those_of_its_first_zone():
    text = """\
Node 0, zone   Normal
  per-node stats
      nr_active_file 900
      nr_dirty 7
  pages free     77
        min      5
      nr_zone_active_file 40
        protection: (0, 0, 12, 12)
"""
    (zone,) = host.from_text(f"Node 0, zone   Normal 77 0\n{text}").zones
    assert zone.counts == {"free": 77, "min": 5, "active_file": 40}
    assert zone.reserve == [0, 0, 12, 12]


def test_lower_bounds_of_pagetypeinfo_are_completed_from_buddyinfo():
    types = PAGETYPEINFO.replace("type Movable 6 3", "type Movable >6 3")
    free = BUDDYINFO.replace("Normal     10", "Normal    123456")
    found = host.from_text(free + types)
    assert found.zone("Normal").by_type["Movable"][:2] == [123452, 3]
    assert found.zone("Normal").by_type["Unmovable"][0] == 4
    assert not any("different times" in note for note in found.notes)
    assert any("lower bounds" in note for note in found.notes)
