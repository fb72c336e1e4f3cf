"""Attacks that use the package's own functions, wait, or tell of hidden cases."""

from tests.course.attacks.attack import Attack

CODE = [
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
        "parts_and_twins_of_zsmalloc",
        "from zbudlab.mm import zsmalloc, zsmalloc_class, zsmalloc_compact, zsmalloc_zpool, zpool\n"
        "zs_malloc = zpool.zpool_malloc\nzs_free = zpool.zpool_free\n"
        "def zs_page_migrate(mem, new, old):\n    return zpool.zpool_migrate_page(mem, new, old)\n"
        "def find_get_zspage(*a):\n    return zsmalloc_compact.isolate_target(*a)\n"
        "def calculate_zspage_chain_size(pool, size):\n"
        "    return min(range(1, 9), key=lambda k: zsmalloc_class.waste_of_chain(pool, k, size))\n"
        "def get_size_class_index(size):\n    return zsmalloc_class.get_size_class_index(size)",
        "it is the student's to write|not written yet",
        exercise="e10_zsmalloc",
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
]
