"""The command `zbudlab explore`."""

import json

import pytest

from zbudlab import cli


def test_lists_the_scenarios(capsys):
    assert cli.main(["explore"]) == 0
    out = capsys.readouterr().out
    assert "user-free-compact" in out
    assert "compact-compact" in out


def test_prints_the_result_as_json(capsys):
    words = ["--merge", "isolate", "--merge", "unmap", "--json"]
    assert cli.main(["explore", "user-free-compact", *words]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["verdict"], found["states"], found["schedules"]) == ("faulty", 98, 1185)
    assert found["faults"] == 85
    assert found["shortest"]["length"] == 7
    assert found["fewest_switches"]["preemptions"] == 1


def test_prints_a_clean_result_in_words(capsys):
    assert cli.main(["explore", "compact-compact", "--profile", "v2-mended"]) == 0
    assert capsys.readouterr().out.startswith("clean: all ")


def test_refuses_an_unknown_scenario(capsys):
    assert cli.main(["explore", "nothing"]) == 2
    assert "scenario must be one of" in capsys.readouterr().err


def test_refuses_an_unknown_profile():
    with pytest.raises(SystemExit):
        cli.main(["explore", "compact-compact", "--profile", "6.1"])
