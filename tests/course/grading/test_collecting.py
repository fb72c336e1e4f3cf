"""Files that cannot be submissions: pipes, devices, links; and what a killed grader leaves."""

import errno
import json
import os
import stat
import zipfile
from pathlib import Path

import pytest

from tests.course.handed_in import solution, untouched
from zbudlab.course.grading.collecting import collected
from zbudlab.course.grading.grader import COPIES, alone_in
from zbudlab.course.grading.notebook import read


def special(name, kind):
    """An entry of a zip that is no file."""
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = (kind | 0o777) << 16
    return info


class TestSpecialFiles:
    def test_cost_nobody_else_a_mark(self, tmp_path):
        os.mkfifo(tmp_path / "pipe_e04_zbud.ipynb")
        os.mkfifo(tmp_path / "pipe.zip")
        (tmp_path / "link_e04_zbud.ipynb").symlink_to("/dev/zero")
        (tmp_path / "folder_e04.ipynb").mkdir()
        (tmp_path / "good_e04_zbud.ipynb").write_text(json.dumps(untouched("e04_zbud")), "utf-8")
        found = {item.student: item.trouble for item in collected([tmp_path])}
        assert found.pop("good") == ""
        assert found.pop("link") == "a link, not a file"
        assert set(found.values()) == {"a pipe, socket or device, not a file"}

    def test_in_a_zip(self, tmp_path):
        with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
            archive.writestr(special("a/e04_zbud.ipynb", stat.S_IFIFO), b"")
            archive.writestr(special("b/e04_zbud.ipynb", stat.S_IFCHR), b"")
            archive.writestr(special("c/e04_zbud.ipynb", stat.S_IFREG), b"{}")
        troubles = [item.trouble for item in collected([tmp_path / "export.zip"])]
        assert troubles == ["a pipe, socket or device, not a file"] * 2 + [""]

    def test_a_file_that_may_not_be_read_is_told(self, tmp_path, monkeypatch):
        def refused(path, flags):
            raise PermissionError(errno.EACCES, "Permission denied")

        (tmp_path / "shut_e04_zbud.ipynb").touch()
        monkeypatch.setattr(os, "open", refused)
        (found,) = collected([tmp_path])
        assert found.trouble == "a file that cannot be read (Permission denied)"

    def test_a_folder_that_may_not_be_read_costs_nobody_else_a_mark(self, tmp_path, monkeypatch):
        listed = Path.iterdir

        def refused(path):
            if path.name == "shut":
                raise PermissionError(errno.EACCES, "Permission denied")
            return listed(path)

        (tmp_path / "shut").mkdir()
        (tmp_path / "good_e04_zbud.ipynb").write_text("{}", "utf-8")
        monkeypatch.setattr(Path, "iterdir", refused)
        found = {item.student: item.trouble for item in collected([tmp_path])}
        told = "a folder that cannot be read (Permission denied)"
        assert found == {"good": "", "shut": told}

    def test_folders_in_folders_without_end(self, tmp_path):
        (tmp_path / "good_e04_zbud.ipynb").write_text("{}", "utf-8")
        deep = tmp_path / "deep"
        deep.joinpath(*["a"] * 100).mkdir(parents=True)
        (deep / "e04_zbud.ipynb").write_text("{}", "utf-8")
        troubles = {item.trouble for item in collected([tmp_path])}
        assert troubles == {"", "a folder in more than 20 others"}

    @pytest.mark.parametrize("other", ["link", "pipe"])
    def test_what_takes_a_files_place_meanwhile_is_not_read(self, tmp_path, monkeypatch, other):
        (tmp_path / "secret").write_text(json.dumps(untouched("e04_zbud")), "utf-8")
        handed_in = tmp_path / "in" / "swap_e04_zbud.ipynb"
        handed_in.parent.mkdir()
        handed_in.write_text("{}", "utf-8")
        looked = Path.lstat

        def swapped(path):
            found = looked(path)
            if path == handed_in:
                path.unlink()
                path.symlink_to(tmp_path / "secret") if other == "link" else os.mkfifo(path)
            return found

        monkeypatch.setattr(Path, "lstat", swapped)
        (found,) = collected([handed_in.parent])
        assert found.data == b""
        assert found.trouble


class TestAlone:
    def test_what_a_killed_grader_left_goes(self, tmp_path):
        left = [tmp_path / COPIES / "e04_zbud" / "0" / "worker.py", tmp_path / "a" / ".x-1.part"]
        for path in left:
            path.parent.mkdir(parents=True)
            path.touch()
        with alone_in(tmp_path):
            assert not any(path.exists() for path in left)

    def test_two_do_not_grade_into_one_folder(self, tmp_path):
        with (
            alone_in(tmp_path),
            pytest.raises(ValueError, match="another zbudlab grade is at work"),
        ):
            alone_in(tmp_path).__enter__()
        with alone_in(tmp_path):
            pass


def test_a_byte_order_mark_is_no_part_of_a_notebook():
    data = b"\xef\xbb\xbf" + json.dumps(solution("e04_zbud")).encode()
    assert read(data).exercise == "e04_zbud"
