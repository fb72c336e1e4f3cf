"""Attacks that want other rights, speak to other sandboxes, or harm those who look."""

from tests.course.attacks.attack import Attack

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
    Attack(
        "sockets_outside_name_spaces",
        "import socket\nmade = []\n"
        "for family in (socket.AF_VSOCK, socket.AF_ALG, socket.AF_NETLINK, socket.AF_INET,\n"
        "               socket.AF_UNIX):\n    try:\n"
        "        socket.socket(family, socket.SOCK_STREAM if family != socket.AF_ALG\n"
        "                      else socket.SOCK_SEQPACKET)\n        made.append(family.name)\n"
        "    except PermissionError:\n        pass\n"
        "raise OSError('made: %s' % made)",
        r"made: \[\]",
        exercise="e01_pages",
    ),
    Attack(
        "watcher_of_free_memory",
        "text = open('/proc/meminfo').read()\nhoard = bytearray(b'x') * (200 << 20)\n"
        "raise OSError('as before: %s' % (open('/proc/meminfo').read() == text))",
        "as before: True",
        exercise="e01_pages",
    ),
    Attack(
        "watcher_of_the_page_cache",
        "import os\nfile = os.open('/usr/lib/os-release', os.O_RDONLY)\n"
        "for call in (lambda: os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED),\n"
        "             lambda: os.preadv(file, [bytearray(8)], 0, os.RWF_NOWAIT)):\n"
        "    try:\n        call()\n    except PermissionError:\n        continue\n"
        "    raise OSError('seen')\nraise OSError('nothing seen')",
        "nothing seen",
        exercise="e01_pages",
    ),
    Attack(
        "disks_written_all_the_time",
        "import os\nfor _ in range(10**6):\n    os.sync()\nraise OSError('done')",
        "done",
        exercise="e01_pages",
    ),
    Attack(
        "limits_raised_again",
        "import resource\nraised = []\nfor name in dir(resource):\n"
        "    if name.startswith('RLIMIT_'):\n        number = getattr(resource, name)\n"
        "        soft, hard = resource.getrlimit(number)\n"
        "        if hard == resource.RLIM_INFINITY:\n            continue\n        try:\n"
        "            resource.setrlimit(number, (hard, hard + 1))\n"
        "            raised.append(name)\n        except (ValueError, OSError):\n"
        "            pass\nraise OSError('raised: %s' % raised)",
        r"raised: \[\]",
        exercise="e01_pages",
    ),
    Attack(
        "files_of_the_kernel",
        "import os\nfound = [p for p in ('/proc/self', '/proc/1', '/sys', '/boot', '/run',\n"
        "         '/etc/passwd', '/var', '/dev/shm/x', '/dev/mem', '/dev/kmsg')\n"
        "         if os.path.exists(p)]\n"
        "found += [p for p in ('/dev/pts/x', '/dev/shm/y', '/proc/x') if os.access(p, os.W_OK)]\n"
        "raise OSError('found: %s' % found)",
        r"found: \[\]",
        exercise="e01_pages",
    ),
    # --- on the process that examines memory
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
