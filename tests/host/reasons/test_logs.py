"""The kernel log of a recording."""

import io
import tarfile

import pytest

from tests.host.made_up import BUDDYINFO, put
from zbudlab import host

REPORT = "app: page allocation failure: order:4, mode:0xcc0(GFP_KERNEL), nodemask=(null)\n"
JOURNAL = "var/log/messages"


@pytest.mark.parametrize("top", ["", "sosreport-box/"])
def test_the_log_that_has_a_report_is_found(tmp_path, top):
    put(tmp_path, f"{top}proc/buddyinfo", BUDDYINFO)
    put(tmp_path, f"{top}sos_commands/kernel/dmesg", "[    0.0] Linux version 5.14.0\n")
    put(tmp_path, f"{top}{JOURNAL}", f"Jan  5 10:20:30 box kernel: {REPORT}")
    text, name = host.find_log(tmp_path)
    assert (REPORT in text, name) == (True, JOURNAL)
    assert host.why(text).request.order == 4


def test_it_is_found_in_an_archive(tmp_path):
    path = tmp_path / "sos.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        member = tarfile.TarInfo(f"sosreport-box/{JOURNAL}")
        member.size = len(REPORT)
        archive.addfile(member, io.BytesIO(REPORT.encode()))
    assert host.find_log(path) == (REPORT, JOURNAL)


def test_without_such_a_log_it_says_what_to_do(tmp_path):
    put(tmp_path, "proc/buddyinfo", BUDDYINFO)
    put(tmp_path, "dmesg.txt", "hello\n")
    with pytest.raises(host.HostError, match=r"\(1 were read\): judge one of your choice with --o"):
        host.find_log(tmp_path)
