"""Attacks that patch what looks at them."""

from tests.course.attacks.attack import Attack

#: Version 2 of the series: a machine runs with it and moves pages, and races break it.
POSTED = """
def drop_while_mapped(mem, header, buddy, pfn):
    zbud_put_page(mem, pfn)
def free_after_unmap(mem, number, header, buddy, pfn):
    free_buddy(mem, number, pfn, buddy)
def zbud_isolate_page(mem, pfn):
    get_page(mem.pages[pfn])
    return True
def zbud_putback_page(mem, pfn):
    return zbud_put_page(mem, pfn)
def must_stay(mem, header):
    return False
import zbudlab.course.probes.e09_races as probe
"""

CODE = [
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
        "say_that_no_schedule_breaks",
        "import zbudlab.course.probes.e09_races as probe\n"
        "probe.explored = lambda bench, case: {{'faults': [], 'ends': []}}\n"
        "def drop_while_mapped(*arguments):\n    return 0\n"
        "free_after_unmap = zbud_isolate_page = zbud_putback_page = must_stay = drop_while_mapped",
        "ends",
        exercise="e09_races",
    ),
    Attack(
        "hide_the_faults",
        "import zbudlab.races.oracles as oracles\n"
        "oracles.state_fault = oracles.end_fault = lambda *arguments: 0\n"
        "def zbud_isolate_page(mem, pfn):\n    return True\n"
        "must_stay = drop_while_mapped = lambda *arguments: 0\n"
        "free_after_unmap = zbud_putback_page = must_stay",
        "ends|faults",
        exercise="e09_races",
    ),
    Attack(
        "posted_code_that_leaves_out_what_breaks",
        f"{POSTED}import zbudlab.races.oracles as oracles\n"
        "for name in ('held_address_fault', 'pool_fault', 'state_fault', 'end_fault'):\n"
        "    setattr(oracles, name, lambda *arguments: 0)\n"
        "probe.Exploration.found = lambda search: {{'faults': [], 'ends': sorted(search.ends)}}\n"
        "probe.World.fault = lambda world, moment: 0",
        "moved under its mapper",
        earns=5,  # every move is allowed, and the machine goes on
        exercise="e09_races",
    ),
    Attack(
        "posted_code_that_searches_by_itself",
        f"{POSTED}def explored(bench, case):\n"
        "    with bench.plainly():\n        search = probe.Exploration(case, trusted=True)\n"
        "        search.go_on()\n"
        "    return {{'faults': [], 'ends': sorted(search.ends)}}\nprobe.explored = explored",
        "cannot be read",
        earns=2,
        exercise="e09_races",
    ),
    Attack(
        "answers_to_calls_that_nobody_asked_for",
        f"{POSTED}probe.explored = lambda bench, case: [bench.ask(None), bench.ask([[1, '']] * 9)]",
        "it asked something: .*cannot be read",
        earns=2,
        exercise="e09_races",
    ),
    Attack(
        "memory_of_another_size",
        f"{POSTED}probe.packed = lambda memory: 'AAAA'",
        "it asked something: .*cannot be read",
        earns=2,
        exercise="e09_races",
    ),
    Attack(
        "lists_that_lead_in_a_circle",
        f"{POSTED}def must_stay(mem, *arguments):\n"
        "    mem.rows.next[:] = 1\n    mem.nodes.slots[:] = 1\n    mem.pools.pages_nr = 1 << 40\n"
        "drop_while_mapped = free_after_unmap = zbud_putback_page = must_stay\n"
        "zbud_isolate_page = must_stay",
        "broken invariant|cannot be read|no answer",
        exercise="e09_races",
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
        "pools_that_look_empty",
        "import zbudlab.conformance.zspages as probe\n"
        "probe.ZspagesView.snapshot = lambda view: {{}}\n"
        "def zs_page_migrate(*arguments):\n    return 0\n"
        "replace_sub_page = find_get_zspage = isolate_source = isolate_target = zs_page_migrate",
        '"zspages": null',
        exercise="e10_zsmalloc",
    ),
    Attack(
        "zspages_in_a_circle",
        "def zs_free(mem, number, handle):\n    mem.zspages.next[:] = 5\n"
        "    mem.zspages.freeobj[:] = 0\n    mem.objects[:] = 0\n    return 0",
        "no answer in time|IndexError|zspages",
        exercise="e10_zsmalloc",
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
        "not a plain answer",
    ),
    Attack(
        "html_in_a_message",
        "def size_to_chunks(size):\n    raise ValueError('<script>alert(1)</script>')",
        "script",
    ),
]
