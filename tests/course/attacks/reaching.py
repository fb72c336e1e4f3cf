"""Attacks that reach for files, the network and right answers on disk."""

from tests.course.attacks.attack import Attack

#: What an attack does once it got hold of right functions: use them.
STEAL = """
import json
for cell in json.loads(stolen)["cells"]:
    if cell["cell_type"] == "code":
        try:
            exec("".join(cell["source"]), globals())
        except Exception:
            pass
"""


CODE = [
    # --- that reach for files
    Attack(
        "delete_files",
        "import os, shutil\nfor place in ({root!r}, {work!r}, '/lab', '/libraries', '/tmp'):\n"
        "    shutil.rmtree(place, ignore_errors=True)\nraise OSError('did what it could')",
        "did what it could|exit code",
    ),
    Attack(
        "read_solutions",
        "stolen = open({root!r} + '/solutions/e04_zbud/e04_zbud.ipynb').read()" + STEAL,
        "No such file",
    ),
    Attack(
        "read_another_submission",
        "stolen = open({work!r} + '/submissions/honest.ipynb').read()" + STEAL,
        "No such file",
    ),
    Attack(
        "read_hidden_checks",
        "from zbudlab.course.exercises import e04_zbud\nanswers = e04_zbud.drawn_sizes(None, None)",
        "ModuleNotFoundError",
    ),
    Attack(
        "read_the_gradebook",
        "import sqlite3\nsqlite3.connect('file:{work}/grading/gradebook.db?mode=ro', uri=True)"
        ".execute('select * from grade')",
        "unable to open|_sqlite3",
    ),
    Attack(
        "write_the_gradebook",
        "import os, sqlite3\nos.makedirs({work!r} + '/grading', exist_ok=True)\n"
        "book = sqlite3.connect({work!r} + '/grading/gradebook.db')\n"
        "book.execute('update grade set manual_score = 20')\nbook.commit()",
        "no such table|Read-only file system|permission denied",
    ),
    Attack(
        "write_a_verdict",
        "import os\nfolder = {work!r} + '/grading/verdicts/e04_zbud'\n"
        "os.makedirs(folder, exist_ok=True)\nopen(folder + '/forged.json', 'w').write('{{}}')",
    ),
    Attack("read_the_seed", "open({work!r} + '/grading/seed').read()", "No such file"),
    Attack(
        "link_out_of_tmp",
        "import os\nos.symlink({root!r}, '/tmp/out')\n"
        "stolen = open('/tmp/out/solutions/e04_zbud/e04_zbud.ipynb').read()" + STEAL,
        "No such file",
    ),
    Attack("environment", "import os\nraise OSError(sorted(os.environ))", r"LANG"),
    Attack("network", "import socket\nsocket.create_connection(('127.0.0.1', {port}), 3)", "Error"),
    Attack(
        "new_name_spaces",
        "import ctypes\nif ctypes.CDLL(None).unshare(0x10000000):\n    raise OSError('refused')",
        "refused",
    ),
]
