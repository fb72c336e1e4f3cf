"""`zbudlab run --workload`."""

import pytest

from zbudlab.cli import command_line as cli


class TestCommand:
    def test_three_machines_and_a_picture(self, tmp_path, capsys):
        picture, figures = tmp_path / "p.png", tmp_path / "r.json"
        words = ["run", "--workload", "phone", "--frames", "5120", "--seed", "3"]
        assert cli.main([*words, "--plot", str(picture), "--json", str(figures)]) == 0
        said = capsys.readouterr().out
        assert "without zswap  zbud unmovable  zbud movable" in said
        assert "CMA requests met" in said
        assert picture.read_bytes().startswith(b"\x89PNG")
        assert '"zbud movable"' in figures.read_text()

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
        ],
    )
    def test_refusals(self, capsys, words, reason):
        assert cli.main(["run", *words]) == 2
        assert reason in capsys.readouterr().err
