"""The command `zbudlab export`."""

from zbudlab import cli
from zbudlab.machine import Machine


def test_a_log_becomes_a_page(tmp_path, capsys):
    machine = Machine(frames=128, page_bytes=False)
    machine.zbud_alloc(700)
    machine.save_log(tmp_path / "short.log")
    page = tmp_path / "page.html"
    words = ["--log", str(tmp_path / "short.log"), "--title", "One & two"]
    assert cli.main(["export", str(page), *words]) == 0
    text = page.read_text("utf-8")
    assert "<title>One &amp; two</title>" in text
    assert 'data-live="player"' in text
    assert str(page) in capsys.readouterr().out


def test_a_machine_that_is_too_large_is_refused(tmp_path, capsys):
    page = tmp_path / "page.html"
    assert cli.main(["export", str(page), "--frames", "131072"]) == 2
    assert "at most 65536 frames" in capsys.readouterr().err
    assert not page.exists()


def test_a_folder_is_no_file(tmp_path, capsys):
    assert cli.main(["export", str(tmp_path)]) == 2
    assert "it is a folder" in capsys.readouterr().err
