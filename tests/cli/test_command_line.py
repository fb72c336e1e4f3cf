"""Every command explains itself.

Also tests `cli/experiments.py` and `cli/outputs.py`.
"""

import re

from tests.cli.calls import answer
from zbudlab.conformance import KINDS
from zbudlab.mainjob.job import SCENARIOS


class TestHelp:
    def test_of_run_names_every_choice(self, capsys):
        code, out, _ = answer(capsys, "run", "--help")
        assert code == 0
        for name in (*SCENARIOS, "lz4", "zstd", "lzo", "deflate", "none", "3.12-fixed", "6.1"):
            assert name in out

    def test_of_replay_names_every_kind(self, capsys):
        out = re.sub(r"\s+", " ", answer(capsys, "replay", "--help")[1])
        assert all(kind in out for kind in KINDS)

    def test_no_command_and_an_unknown_one_are_explained(self, capsys):
        for words in ([], ["fly"]):
            code, _, err = answer(capsys, *words)
            assert code == 2
            assert "COMMAND" in err
