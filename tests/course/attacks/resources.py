"""Attacks that end nowhere, take everything, or end their process."""

from tests.course.attacks.attack import Attack

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
]
