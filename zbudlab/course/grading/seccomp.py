"""System calls that nothing in the sandbox may make: new processes and threads, and strange ones.

A filter for Linux's seccomp, as `bwrap --seccomp` reads it. RLIMIT_NPROC alone would not hold where
the grader runs as root.
"""

import errno
import platform
import struct

# What a classic BPF program is made of: load a word; compare it; return.
LOAD = 0x20
JUMP_IF_EQUAL = 0x15
JUMP_IF_AT_LEAST = 0x35
RETURN = 0x06

ALLOW = 0x7FFF0000
KILL = 0x80000000
REFUSE = 0x00050000 | errno.EPERM

NUMBER, ARCHITECTURE = 0, 4  #: places in struct seccomp_data
X32 = 0x40000000  #: numbers from here on mean other calls on x86-64

#: clone, fork, vfork, clone3; ptrace, mount, umount2, unshare, setns, keyctl, add_key,
#: request_key, bpf, userfaultfd, perf_event_open, io_uring_setup.
CALLS = {
    "x86_64": (
        0xC000003E,
        (56, 57, 58, 435, 101, 165, 166, 272, 308, 250, 248, 249, 321, 323, 298, 425),
    ),
    "aarch64": (
        0xC00000B7,
        (220, 435, 117, 40, 39, 97, 268, 219, 217, 218, 280, 282, 241, 425),
    ),
}


def _instruction(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)


def program(machine: str | None = None) -> bytes | None:
    """The filter for this kind of processor; None where there is none."""
    found = CALLS.get(machine or platform.machine())
    if found is None:
        return None
    architecture, calls = found
    lines = [
        _instruction(LOAD, ARCHITECTURE),
        _instruction(JUMP_IF_EQUAL, architecture, if_true=1),
        _instruction(RETURN, KILL),
        _instruction(LOAD, NUMBER),
        _instruction(JUMP_IF_AT_LEAST, X32, if_true=len(calls) + 1),
    ]
    for place, call in enumerate(calls):
        lines.append(_instruction(JUMP_IF_EQUAL, call, if_true=len(calls) - place))
    return b"".join([*lines, _instruction(RETURN, ALLOW), _instruction(RETURN, REFUSE)])
