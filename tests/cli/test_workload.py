"""`zbudlab run --workload`. Also tests `cli/cma_option.py`."""

import pytest

from zbudlab.cli import command_line as cli
from zbudlab.cli import workload


class TestCommand:
    def test_four_machines_and_a_picture(self, tmp_path, capsys):
        picture, figures = tmp_path / "p.png", tmp_path / "r.json"
        words = ["run", "--workload", "phone", "--frames", "5120", "--seed", "3"]
        assert cli.main([*words, "--plot", str(picture), "--json", str(figures)]) == 0
        said = capsys.readouterr().out
        assert "without zswap  zbud unmovable  zbud movable  zsmalloc as today" in said
        assert "CMA requests met" in said
        assert picture.read_bytes().startswith(b"\x89PNG")
        assert '"zbud movable"' in figures.read_text()

    @pytest.mark.parametrize(("words", "wanted"), [
        (["--cma", "5M@0"], {"cma_pages": 2048, "cma_start": 0}),
        (["--cma-pages", "1024"], {"cma_pages": 1024}),
        ([], {}),
    ])  # fmt: skip
    def test_the_cma_area_is_set_as_at_boot(self, monkeypatch, words, wanted):
        seen = []
        monkeypatch.setattr(
            workload, "_results", lambda made, settings, order, machines: seen.append(settings)
        )
        with pytest.raises(AttributeError):  # there are no results
            cli.main(["run", "--workload", "phone", *words])
        assert seen == [wanted]

    @pytest.mark.parametrize(
        ("words", "reason"),
        [
            (["--workload", "nothing"], "unknown workload 'nothing'"),
            (["--workload", "phone", "--pressure", "2"], "--pressure is for the main job"),
            (["--workload", "phone", "--metadata-only"], "--metadata-only is for the main job"),
            (["--workload", "phone", "--lengths", "text"], "--lengths is for the main job"),
            (["--workload", "phone", "nowhere"], "cannot read"),
            (["--workload", "desktop", "--order", "-1"], "order must be 0 to 10, not -1"),
            (["--workload", "desktop", "--order", "11"], "order must be 0 to 10, not 11"),
            (["--workload", "phone", "--frames", "100"], "cma_pages must be"),
            (["--workload", "phone", "--cma", "4X"], "cma takes SIZE"),
            (["--workload", "phone", "--cma", "4M", "--cma-pages", "1024"], "give one of them"),
        ],
    )
    def test_refusals(self, capsys, words, reason):
        assert cli.main(["run", *words]) == 2
        assert reason in capsys.readouterr().err
