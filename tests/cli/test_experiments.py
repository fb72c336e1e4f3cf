"""`zbudlab experiments`: what can be swept, as text and as JSON."""

import json

from zbudlab.cli import command_line as cli
from zbudlab.experiments import listed


def test_it_lists_parameters_and_results(capsys):
    assert cli.main(["experiments", "thinned"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert "frames whole number, 64 to 16777216; default 4096" in " ".join(lines[4])
    shown = [" ".join(line) for line in lines]
    assert 'experiment = "thinned"' in shown
    assert "blocks_after blocks blocks available after compaction" in shown
    assert any(line.startswith("pattern one of random, every, first; default") for line in shown)


def test_all_of_them_as_json(capsys):
    assert cli.main(["experiments", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == listed()


def test_an_unknown_name_is_an_error(capsys):
    assert cli.main(["experiments", "thined"]) == 2
    assert "no experiment 'thined': did you mean thinned?" in capsys.readouterr().err
