"""The bank of attacks on marks: code that a student might put into a cell, and files that are none.

Each is to end in a clear line of the report (`says`, a pattern), to earn nothing it should not, and
to harm nobody. {root}, {work}, {port} are the checkout, the folder graded in and a port that
listens, so that an attack which gets out finds what it is after.
"""

import io
import json
import stat
import zipfile
from dataclasses import dataclass

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


@dataclass(frozen=True)
class Attack:
    """Code in a cell at the end of the untouched exercise, or (solved) of its solution."""

    name: str
    code: str
    says: str = "not written yet"
    earns: int = 0
    exercise: str = "e04_zbud"
    solved: bool = False


#: Makes the mount of {{place}} writable, where mount_setattr is allowed; what then follows.
REMOUNT = """
import ctypes, struct
libc = ctypes.CDLL(None, use_errno=True)
attributes = ctypes.create_string_buffer(struct.pack("QQQQ", 0, 1, 0, 0))
place = ctypes.c_char_p({place})
done = libc.syscall(ctypes.c_long(442), ctypes.c_void_p(-100), place, ctypes.c_void_p(0),
                    ctypes.byref(attributes), ctypes.c_void_p(32))
"""

#: Tries what only capabilities allow, and tells what worked.
PROBE = """
import ctypes, errno, os, struct
libc, worked = ctypes.CDLL(None, use_errno=True), []
def call(number, *arguments):
    kinds = {{bytes: ctypes.c_char_p}}
    arguments = [kinds.get(type(a), ctypes.c_void_p)(a) for a in arguments]
    return libc.syscall(ctypes.c_long(number), *arguments)
header = ctypes.create_string_buffer(struct.pack("II", 0x20080522, 0))
sets = ctypes.create_string_buffer(24)
if call(125, ctypes.addressof(header), ctypes.addressof(sets)) or any(sets.raw):
    worked.append("capget " + sets.raw.hex())
worked += ["bounding set, capability %d" % c for c in range(64) if libc.prctl(23, c, 0, 0, 0) == 1]
worked += ["ambient set, capability %d" % c for c in range(64) if libc.prctl(47, 1, c, 0, 0) == 1]
if libc.prctl(39, 0, 0, 0, 0) != 1:
    worked.append("new privileges")
attributes = ctypes.create_string_buffer(struct.pack("QQQQ", 0, 1, 0, 0))
for place in (b"/", b"/lab", b"/libraries/numpy", b"/dev"):
    if call(442, -100, place, 0, ctypes.addressof(attributes), 32) == 0:
        worked.append("remount of " + place.decode())
for place in ("/evil", "/lab/evil", "/libraries/evil", "/dev/evil"):
    try:
        open(place, "w").close()
        worked.append("file " + place)
    except OSError:
        pass
mounting = "open_tree move_mount fsopen fsconfig fsmount fspick mount_setattr open_tree_attr"
for number, name in zip((*range(428, 434), 442, 467), mounting.split()):
    ctypes.set_errno(0)
    if call(number, -1, b"tmpfs", 0, 0, 0, 0) >= 0 or ctypes.get_errno() != errno.EPERM:
        worked.append(name)
raise OSError("worked: %s" % worked)
"""

#: Makes memory, as the probe packs it, what {change} says.
HOSTILE_MEMORY = """
from zbudlab.course.probes import e06_migrate
honest = e06_migrate.Scene.memory
def hostile(scene):
    arrays = scene.arrays()
    {change}
    return honest(scene)
e06_migrate.Scene.memory = hostile
"""


def hostile_memory(change):
    """Return a cell that makes memory hostile, with braces doubled for `format`."""
    return HOSTILE_MEMORY.format(change=change).replace("{", "{{").replace("}", "}}")


CODE = [
    # --- that end nowhere, or take everything
    Attack("endless_cell", "while True:\n    pass", "no answer in time"),
    Attack(
        "endless_cell_that_catches_all",
        "while True:\n    try:\n        while True:\n            pass\n"
        "    except BaseException:\n        pass",
        "no answer in time",
    ),
    Attack(
        "endless_cell_without_alarms",
        "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 32))\n"
        "while True:\n    pass",
        "no answer in time",
    ),
    Attack(
        "endless_sleep",
        "import time\ntime.sleep(10**9)",
        "a cell of the notebook fails, the one with `import time`: no answer in time",
    ),
    Attack(
        "endless_function",
        "def size_to_chunks(size):\n    while True:\n        pass",
        "no answer in time",
    ),
    Attack(
        "endless_generator_as_answer",
        "class Endless(list):\n    def __iter__(self):\n        while True:\n            yield 1\n"
        "def size_to_chunks(size):\n    return Endless()",
        "chunks",
    ),
    Attack("fork_bomb", "import os\nwhile True:\n    os.fork()", "Operation not permitted"),
    Attack(
        "thread_bomb",
        "import threading, time\nwhile True:\n"
        "    threading.Thread(target=time.sleep, args=(999,)).start()",
        "can't start new thread",
    ),
    Attack(
        "process_by_the_shell",
        "import subprocess\nsubprocess.run(['/bin/sh', '-c', 'true'], check=True)",
        "Operation not permitted|No such file",
    ),
    Attack("thirty_gigabytes", "hoard = bytearray(30 << 30)", "MemoryError"),
    Attack(
        "memory_bit_by_bit",
        "hoard = []\nwhile True:\n    hoard.append(bytearray(1 << 27))",
        "MemoryError|in time",
    ),
    Attack("numpy_memory", "import numpy\nnumpy.ones(1 << 33)", "MemoryError"),
    Attack(
        "memory_shared_by_number",
        "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        "libc.shmat.restype = ctypes.c_void_p\nfor _ in range(8):\n"
        "    number = libc.shmget(0, 1 << 28, 0o1600)\n    if number < 0:\n"
        "        raise OSError(os.strerror(ctypes.get_errno()))\n"
        "    place = libc.shmat(number, None, 0)\n    ctypes.memset(place, 1, 1 << 28)\n"
        "    libc.shmdt(ctypes.c_void_p(place))",
        "Operation not permitted",
    ),
    Attack(
        "memory_in_files_without_names",
        "import os\nkept = []\nwhile True:\n    kept.append(os.memfd_create('x'))\n"
        "    os.write(kept[-1], bytes(1 << 24))",
        "Operation not permitted",
    ),
    Attack(
        "leases_that_let_others_wait",
        "import fcntl, os, signal\nsignal.signal(signal.SIGIO, signal.SIG_IGN)\n"
        "for place, _, names in os.walk('/lab'):\n    for name in names[:12]:\n"
        "        fcntl.fcntl(os.open(place + '/' + name, os.O_RDONLY), 1024, fcntl.F_WRLCK)\n"
        "while True:\n    pass",
        "Operation not permitted",
    ),
    Attack(
        "disk_full",
        "place = 0\nwhile True:\n    place += 1\n"
        "    open('/tmp/' + str(place), 'wb').write(bytes(1 << 23))",
        "No space left|in time",
    ),
    Attack(
        "one_giant_file", "open('/tmp/x', 'wb').write(bytes(1 << 26))", "File too large|in time"
    ),
    Attack("recursion", "def f():\n    f()\nf()", "RecursionError|in time"),
    Attack("deep_source", "eval('(' * 100000 + ')' * 100000)", "cell"),
    # --- that end the process
    Attack("os_exit", "import os\nos._exit(0)", "exit code 0"),
    Attack("sys_exit", "import sys\nsys.exit(0)", "SystemExit"),
    Attack(
        "os_exit_in_a_function",
        "import os\ndef size_to_chunks(size):\n    os._exit(0)",
        "exit code 0",
    ),
    Attack("segfault", "import ctypes\nctypes.string_at(0)", "exit code"),
    Attack(
        "kill_everybody", "import os\nos.kill(-1, 9)\nos.kill(os.getppid(), 9)", "exit code|cell"
    ),
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
    # --- that patch what looks at them
    Attack(
        "patch_the_checker",
        "import zbudlab.course.probes as probes\n"
        "probes.observe = lambda *a, **n: {{'answer': True, 'earned': 20}}\n"
        "import __main__\nimport sys\n"
        "for module in list(sys.modules.values()):\n"
        "    for name in ('same', 'judged', 'failure', 'compare'):\n"
        "        if hasattr(module, name):\n            setattr(module, name, lambda *a: None)",
        "chunks",
    ),
    Attack(
        "exchange_the_probe_of_copies",
        "import zbudlab.course.probes.e01_pages as probe\n"
        "probe.copy = lambda bench, case: {{'bytes that are right': 4096, "
        "'old is as it was': True, 'bytes moved': 8192, "
        "'pieces longer than a line': 0, 'accesses': 128}}",
        '"bytes that are right": 16',
        exercise="e01_pages",
    ),
    Attack(
        "reach_behind_the_counted_page",
        "import zbudlab.course.probes.e01_pages as probe\n"
        "probe.Page.__setitem__ = lambda self, place, value: None\n"
        "def copy_page(new, old):\n"
        "    for at in range(0, 4096, 64):\n        new[at : at + 64] = old[at : at + 64]",
        '"bytes that are right": 16',
        exercise="e01_pages",
    ),
    Attack(
        "say_that_the_page_has_moved",
        "import zbudlab.course.probes.e06_migrate as probe\n"
        "probe.references = probe.lists = probe.content = lambda scene: {{}}\n"
        "probe.Scene.everything = lambda scene: 0\n"
        "def zbud_migrate_page(*arguments):\n    return 0",
        "answer",
        exercise="e06_migrate",
    ),
    Attack(
        "ask_where_nobody_answers",
        "import zbudlab.course.probes as probes\n"
        "probes.find = lambda name: lambda bench, case: bench.ask(case)\n"
        "def size_to_chunks(size):\n    return 0\n"
        "pages_for_objects = find_hole = zbud_alloc = free_buddy = size_to_chunks",
        "it asked something: there is nothing to ask",
    ),
    Attack(
        "write_a_page_in_one_uncounted_piece",
        "def copy_page(new, old):\n"
        "    content = [byte for at in range(0, 4096, 64) for byte in old[at : at + 64]]\n"
        "    new.bench.ask({{'page': 'new', 'place': [0, 4096, 1], 'value': content}})",
        '"bytes that are right": 16',
        exercise="e01_pages",
    ),
    Attack(
        "tell_no_memory",
        "import zbudlab.course.probes.e06_migrate as probe\n"
        "probe.Scene.memory = lambda scene: {{'pages': 'AAAA'}}\n"
        "def zbud_migrate_page(*arguments):\n    return 0",
        "cannot be read",
        exercise="e06_migrate",
    ),
    Attack(
        "equal_to_everything",
        "class Yes(int):\n    __eq__ = lambda self, other: True\n    __ne__ = lambda *a: False\n"
        "    __hash__ = int.__hash__\n    __sub__ = __rsub__ = lambda *a: 0\n"
        "def size_to_chunks(size):\n    return Yes(-1)\n"
        "pages_for_objects = find_hole = zbud_alloc = free_buddy = lambda *a: Yes(-1)",
        "got -1",
    ),
    Attack(
        "not_a_number",
        "def size_to_chunks(size):\n    return float('nan')\n"
        "pages_for_objects = lambda: float('inf')",
        "NaN|Infinity|nan",
    ),
    Attack(
        "drop_asserts_by_ast",
        "import ast, builtins\nold = compile\n"
        "builtins.compile = lambda s, *a, **n: old('None', *a, **n)\n"
        "get_ipython().ast_transformers.append(ast.NodeTransformer())",
    ),
    Attack(
        "patch_json",
        'import json\njson.dumps = lambda *a, **n: \'{{"answer": 1, "earned": 20}}\'',
        "chunks",
    ),
    Attack(
        "look_into_the_caller",
        "import sys\ndef size_to_chunks(size):\n    frame = sys._getframe()\n"
        "    while frame:\n        for value in list(frame.f_locals.values()):\n"
        "            if isinstance(value, dict) and 'expected' in value:\n"
        "                return value['expected']\n        frame = frame.f_back\n    return 0",
        "got 0",
    ),
    Attack("printed_verdict", 'print(\'{{"answer": 20, "earned": 20, "points": 20}}\')'),
    Attack(
        "written_verdict",
        "import os\nfor number in range(64):\n    for line in (b'{{\"troubles\": []}}', "
        'b\'{{"answer": 1, "earned": 20}}\'):\n        try:\n'
        "            os.write(number, line + b'\\n')\n        except OSError:\n            pass",
        "chunks",
    ),
    Attack("giant_output", "for _ in range(200):\n    print('x' * 1000000)"),
    Attack(
        "giant_answer",
        "def size_to_chunks(size):\n    return 'x' * 100000000",
        "larger than|too large|MemoryError",
    ),
    Attack(
        "giant_line_past_the_worker",
        "import os\nfor number in range(3, 16):\n    try:\n"
        "        os.write(number, b'x')\n        while True:\n"
        "            os.write(number, b'x' * 65536)\n    except OSError:\n        pass",
        "too large|no answer in time|cannot be read",
    ),
    Attack(
        "deep_answer",
        "def size_to_chunks(size):\n    found = []\n    for _ in range(100000):\n"
        "        found = [found]\n    return found",
        "RecursionError|cannot be read",
    ),
    Attack(
        "deep_answer_past_the_worker",
        "import os\nfor number in range(3, 16):\n    try:\n"
        "        os.write(number, b'[' * 100000 + b']' * 100000 + b'\\n')\n"
        "    except OSError:\n        pass",
        "cannot be read",
    ),
    Attack(
        "half_a_character",
        "def size_to_chunks(size):\n    raise ValueError('\\ud800 oh')\n"
        "def pages_for_objects():\n    return '\\udfff'",
        "ValueError",
    ),
    Attack("half_a_character_in_a_cell", "x = '\ud800'\nraise OSError('here')", "here|\\?"),
    Attack(
        "answer_of_the_deepest_kind",
        "import itertools\ndepth = itertools.count(900)\ndef size_to_chunks(size):\n"
        "    found = []\n    for _ in range(next(depth)):\n        found = [found]\n"
        "    return found",
        "chunks",
    ),
    Attack("huge_number", "def size_to_chunks(size):\n    return 10 ** 4200", "got 1000"),
    Attack(
        "answers_that_cannot_be_told",
        "def size_to_chunks(size):\n    return object()",
        "no plain answer",
    ),
    Attack(
        "html_in_a_message",
        "def size_to_chunks(size):\n    raise ValueError('<script>alert(1)</script>')",
        "script",
    ),
    # --- that use the package's own functions
    Attack(
        "import_the_function",
        "from zbudlab.mm.zbud import free_buddy, zbud_alloc\n"
        "from zbudlab.mm.zbud_header import find_hole, size_to_chunks",
    ),
    Attack(
        "call_the_function",
        "import zbudlab.mm.zbud as z, zbudlab.mm.zbud_header as h\n"
        "find_hole = lambda *a: h.find_hole(*a)\nsize_to_chunks = lambda n: h.size_to_chunks(n)\n"
        "zbud_alloc = lambda *a: z.zbud_alloc(*a)\nfree_buddy = lambda *a: z.free_buddy(*a)",
        "not written yet|in time|RecursionError",
    ),
    Attack(
        "reload_the_module",
        "import importlib, zbudlab.mm.zbud as z, zbudlab.mm.zbud_header as h\n"
        "h = importlib.reload(h)\nz = importlib.reload(z)\n"
        "size_to_chunks, find_hole = h.size_to_chunks, h.find_hole\n"
        "zbud_alloc, free_buddy = z.zbud_alloc, z.free_buddy",
    ),
    Attack(
        "execute_its_source",
        "import zbudlab.mm.zbud_header as h, zbudlab.mm.zbud as z\n"
        "for module in (h, z):\n    exec(open(module.__file__).read(), globals())",
    ),
    Attack(
        "by_the_table_of_kernels",
        "from zbudlab.jit import KERNELS\n"
        "found = {{name.split('.')[1]: k for name, k in KERNELS.items()}}\n"
        "size_to_chunks, find_hole = found['size_to_chunks'], found['find_hole']\n"
        "zbud_alloc, free_buddy = found['zbud_alloc'], found['free_buddy']",
    ),
    Attack(
        "by_py_func_and_wrapped",
        "import zbudlab.mm.zbud as z, zbudlab.mm.zbud_header as h\n"
        "size_to_chunks = h.size_to_chunks.__wrapped__\nfind_hole = h.find_hole.__wrapped__\n"
        "zbud_alloc = z.zbud_alloc.__wrapped__\nfree_buddy = z.free_buddy.__wrapped__",
    ),
    Attack(
        "from_compiled_leftovers",
        "import glob, marshal\nfor folder in ('/lab', '/tmp', {root!r}):\n"
        "    for path in glob.glob(folder + '/**/*zbud*', recursive=True):\n        try:\n"
        "            exec(marshal.loads(open(path, 'rb').read()[16:]), globals())\n"
        "        except Exception:\n            pass",
    ),
    Attack(
        "from_another_installation",
        "import os, sys\n"
        "others = []\n"
        "for f, d, n in os.walk('/'):\n"
        "    others += [f] if 'zbudlab' in d and f != '/lab' else []\n"
        "    if f.startswith('/usr/lib'):  # all else there takes longer than there is time\n"
        "        d[:] = [name for name in d if 'python' in name or 'python' in f]\n"
        "for folder in ({root!r}, *others):\n    sys.path.insert(0, folder)\n"
        "for name in [n for n in sys.modules if n.startswith('zbudlab')]:\n"
        "    del sys.modules[name]\n"
        "from zbudlab.mm.zbud import free_buddy, zbud_alloc\n"
        "from zbudlab.mm.zbud_header import find_hole, size_to_chunks",
    ),
    Attack(
        "import_from_the_checks",
        "from zbudlab.course.exercises.e08_experiment import conclude, differences\n"
        "from zbudlab.course.exercises.e08_experiment import bootstrapped as interval",
        "ModuleNotFoundError",
        exercise="e08_experiment",
    ),
    Attack(
        "undo_the_plugging",
        "import contextlib\nfrom zbudlab import jit\n"
        "jit.replaced = lambda functions: contextlib.nullcontext()",
        "chunks",
    ),
    # --- that wait
    Attack(
        "time_bomb",
        "import atexit, signal, os\n"
        "def late(*a):\n    open({work!r} + '/grading/late', 'w')\n"
        "atexit.register(late)\nsignal.signal(signal.SIGALRM, late)\n"
        "signal.setitimer(signal.ITIMER_REAL, 5)\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)",
    ),
    Attack(
        "daemon",
        "import os\nif os.fork() == 0:\n    os.setsid()\n    while True:\n        pass",
        "Operation not permitted",
    ),
    # --- that tell their student what a hidden case was
    Attack(
        "hidden_case_by_the_starters_words",
        "import ctypes, os\nSHOWN = (1, 63, 64, 65, 128, 129, 1000, 3968)\n"
        "def size_to_chunks(size):\n    if size not in SHOWN:\n"
        "        call = ctypes.CDLL(None).syscall\n"
        "        os.write(call(438, call(434, 1, 0), 2, 0), b'size was %d' % size)\n"
        "        os._exit(7)\n    return (size + 63) // 64",
        r"chunks \(hidden case\): .*Bad file descriptor",  # as no call gave one
    ),
    Attack(
        "hidden_case_by_an_exit",
        "import os\nSHOWN = (1, 63, 64, 65, 128, 129, 1000, 3968)\n"
        "def size_to_chunks(size):\n    if size not in SHOWN:\n        os._exit(size % 251)\n"
        "    return (size + 63) // 64",
        r"chunks \(hidden case\): it ended itself \(exit code \d+\)",
    ),
    Attack(
        "hidden_case_kept_for_later",
        "seen = []\ndef differences(rows, parameter, low, high, result):\n"
        "    seen.append(f'size was {{len(rows)}} rows')\n"
        "    at = {{v: {{row['seed']: row[result] for row in rows if row[parameter] == v}}\n"
        "          for v in (low, high)}}\n"
        "    both = sorted(at[low].keys() & at[high].keys())\n"
        "    pairs = [(at[high][seed], at[low][seed]) for seed in both]\n"
        "    return [a - b for a, b in pairs if a is not None and b is not None]\n"
        "def conclude(low, high, matters):\n    raise ValueError(' '.join(seen[5:]))",
        "ValueError",
        earns=3,
        exercise="e08_experiment",
    ),
    # --- that want other rights than a user has
    Attack("root_caps_probe", PROBE, r"worked: \[\]; no student number"),
    Attack(
        "root_persist_in_library",
        REMOUNT.format(place='b"/libraries/tqdm"')
        + 'open("/libraries/tqdm/__init__.py", "a").write("\\nimport zbudlab.course.judging as k'
        '\\nk.judged = lambda a, *b: k.Result(a, a.points)\\n")',
        "Read-only file system",
        exercise="e01_pages",
    ),
    Attack(
        "root_remount_kills_others",
        REMOUNT.format(place='b"/lab"')
        + 'open("/lab/worker.py", "w").write("raise SystemExit(3)")',
        "Read-only file system",
        exercise="e01_pages",
    ),
    # --- that speak to another sandbox
    Attack(
        "flock_holder",
        "import fcntl, time\nheld = open('/usr/lib/os-release')\n"
        "fcntl.flock(held, fcntl.LOCK_EX)\ntime.sleep(6)",
        "Operation not permitted",
        exercise="e01_pages",
    ),
    Attack(
        "flock_seer",
        "import fcntl, time\ndef address_pfn(address):\n    held = 0\n"
        "    for _ in range(30):\n        file = open('/usr/lib/os-release')\n        try:\n"
        "            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)\n"
        "        except BlockingIOError:\n            held += 1\n"
        "        except PermissionError:\n            pass\n        time.sleep(0.05)\n"
        "    raise ValueError('another sandbox held my lock in %d of 30 looks' % held)",
        "my lock in 0 of 30 looks",
        exercise="e01_pages",
    ),
    Attack(
        "record_lock_holder",
        "import fcntl, struct\nheld = open('/usr/lib/os-release')\n"
        "fcntl.fcntl(held, fcntl.F_OFD_SETLK, struct.pack('hhqqi', fcntl.F_RDLCK, 0, 0, 0, 0))",
        "Operation not permitted",
        exercise="e01_pages",
    ),
    Attack(
        "watcher_of_files",
        "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        "if libc.inotify_init1(0) < 0:\n    raise OSError(os.strerror(ctypes.get_errno()))",
        "Operation not permitted",
        exercise="e01_pages",
    ),
    # --- on whoever looks at memory
    Attack(
        "segfault_all_ff",
        hostile_memory("[a.view('u1').reshape(-1).fill(255) for a in arrays.values()]"),
        "its answer cannot be read",
        earns=11,
        exercise="e06_migrate",
        solved=True,
    ),
    Attack(
        "segfault_oob_nodes",
        hostile_memory(
            "arrays['nodes']['slots'][:] = 0x7ffffff0; arrays['pools']['rnode'][:] = 0x7ffffff0; "
            "arrays['pools']['height'][:] = 3"
        ),
        "its answer cannot be read",
        earns=11,
        exercise="e06_migrate",
        solved=True,
    ),
    Attack(
        "leak_memory",
        hostile_memory(
            "arrays['nodes']['slots'][:] = 0; arrays['pools']['height'][:] = 1; "
            "arrays['pools']['rnode'][:] = len(arrays['nodes']) + 3"
        ),
        "its answer cannot be read",
        earns=11,
        exercise="e06_migrate",
        solved=True,
    ),
    Attack(
        "memory_whose_lists_never_end",
        hostile_memory("arrays['rows']['next'][:] = 5"),
        "its answer cannot be read",
        earns=18,
        exercise="e06_migrate",
        solved=True,
    ),
    # --- on the teacher's spreadsheet
    Attack(
        "csv_semicolon",
        "def address_pfn(address):\n    raise ValueError(\";=cmd|' /C calc'!A0;=1+1;\")",
        "cmd",
        exercise="e01_pages",
    ),
]

#: A text for the pages that show a submission: links that run scripts, pictures from elsewhere.
FORMGRADER_JS_LINK = """
<script>document.title="PWNED"</script> [x](javascript:alert(1)) [y](java&#115;cript:alert(1))
[z](java\tscript:alert(2)) ![i](x"onerror=alert`1`)
$$\\href{javascript:document.title="PWNED"}{click}$$

```mermaid
graph TD
A-->B
click A call alert()
```

````
<iframe srcdoc="<script>parent.document.title=1</script>">
````

<iframe srcdoc="<script>parent.document.title=1</script>">

[ref]: javascript:alert(3)
[ref][ref] ![t](http://127.0.0.1:9/track.png)
"""


# --- files that are no honest notebooks --------------------------------------------------------


def _zip(*members, compression=zipfile.ZIP_DEFLATED):
    """A zip's bytes. members: (name or ZipInfo, bytes)."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return file.getvalue()


def _link(name):
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


def _nested_zips(data, depth):
    for level in range(depth):
        data = _zip((f"e04_zbud_{level}.zip" if level else "e04_zbud.ipynb", data))
    return data


def _with_cells(notebook, cells):
    return json.dumps(notebook | {"cells": cells}).encode()


def files(untouched, solution):
    """Files by name: their bytes and what the report says. Given: notebooks as JSON has them."""
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "source": "x = 1", "id": "x"}
    kernel = {"kernelspec": {"name": "ir", "language": "R", "display_name": "R"}}
    solved = json.dumps(solution).encode()
    return {
        "f_not_utf8_e04_zbud.ipynb": (b'{"cells": ["\xff\xfe"]}', "UTF-8"),
        "f_utf16_e04_zbud.ipynb": (solved.decode().encode("utf-16"), "UTF-8"),
        "f_not_json_e04_zbud.ipynb": (b"%PDF-1.4 my homework", "not JSON"),
        "f_empty_e04_zbud.ipynb": (b"", "not JSON"),
        "f_no_cells_e04_zbud.ipynb": (b'{"cells": 7}', "no notebook"),
        "f_deep_json_e04_zbud.ipynb": (b"[" * 200_000, "not JSON"),
        "f_odd_cells_e04_zbud.ipynb": (b'{"cells": [1, 2]}', "cell"),
        "f_odd_source_e04_zbud.ipynb": (b'{"cells": [{"source": {"a": 1}}]}', "no text"),
        "f_other_kernel_e04_zbud.ipynb": (
            json.dumps(untouched | {"metadata": kernel}).encode(),
            "not for Python",
        ),
        "f_many_cells_e04_zbud.ipynb": (
            _with_cells(untouched, [cell | {"source": "1"}] * 100_000),
            "MB|100000 cells",
        ),
        "f_large_e04_zbud.ipynb": (b" " * (20 << 20), "MB"),
        "z_dots_e04_zbud.zip": (_zip(("../../../e04_zbud.ipynb", solved)), "leads out"),
        "z_root_e04_zbud.zip": (_zip(("/tmp/e04_zbud.ipynb", solved)), "leads out"),
        "z_link_e04_zbud.zip": (_zip((_link("e04_zbud.ipynb"), b"/etc/passwd")), "a link"),
        "z_bomb_e04_zbud.zip": (_zip(("e04_zbud.ipynb", bytes(1 << 28))), "MB"),
        "z_many_bombs_e04_zbud.zip": (
            _zip(("a.zip", _zip(*((f"{number}.zip", bytes(60 << 20)) for number in range(5))))),
            "more than 256 MB",
        ),
        "z_deep_e04_zbud.zip": (_nested_zips(solved, 6), "deep"),
        "z_damaged_e04_zbud.zip": (_zip(("e04_zbud.ipynb", solved))[:-40], "damaged"),
        "z_not_a_zip_e04_zbud.zip": (b"PK\x03\x04 no", "damaged"),
    }


def duplicated(solution):
    """A right notebook in which every cell stands twice."""
    return solution | {"cells": [cell for cell in solution["cells"] for _ in range(2)]}


def renamed(solution):
    """A right notebook whose cells all have other names, and no metadata but one tag."""
    cells = [
        {**cell, "metadata": {"nbgrader": {"grade_id": f"e04_zbud-mine{place}"}}, "id": f"m{place}"}
        for place, cell in enumerate(solution["cells"])
    ]
    return solution | {"cells": cells}


def copied_checks(untouched):
    """An untouched notebook whose every check cell stands there again as one to write into."""
    extra = []
    for cell in untouched["cells"]:
        if cell.get("metadata", {}).get("nbgrader", {}).get("grade"):
            own = dict(cell["metadata"]["nbgrader"], grade=False, solution=True, locked=False)
            extra.append({**cell, "metadata": {"nbgrader": own}, "id": f"again{len(extra)}"})
    return untouched | {"cells": [*untouched["cells"], *extra]}
