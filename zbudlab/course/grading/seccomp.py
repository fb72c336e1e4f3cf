"""System calls that nothing in the sandbox may make: new processes and threads, and strange ones.

A filter for Linux's seccomp, as `bwrap --seccomp` reads it. RLIMIT_NPROC alone would not hold where
the grader runs as root, and no limit counts memory that is shared by a number or a descriptor. A
lease on a file that all sandboxes read would let the others wait for three quarters of a minute.
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

NUMBER, ARCHITECTURE, SECOND = 0, 4, 24  #: places in struct seccomp_data; of the second argument
X32 = 0x40000000  #: numbers from here on mean other calls on x86-64
F_SETLEASE = 1024  #: what fcntl is not to do

#: clone, fork, vfork, clone3; ptrace, mount, umount2, unshare, setns, keyctl, add_key,
#: request_key, bpf, userfaultfd, perf_event_open, io_uring_setup; shmget, semget, msgget,
#: memfd_create, memfd_secret; pidfd_open, pidfd_getfd, process_vm_readv, process_vm_writev, which
#: reach into the process that started this one. The last number is fcntl's, see F_SETLEASE.
CALLS = {
    "x86_64": (
        0xC000003E,
        (
            *(56, 57, 58, 435, 101, 165, 166, 272, 308, 250, 248, 249, 321, 323, 298, 425),
            *(29, 64, 68, 319, 447),
            *(434, 438, 310, 311),
        ),
        72,
    ),
    "aarch64": (
        0xC00000B7,
        (
            *(220, 435, 117, 40, 39, 97, 268, 219, 217, 218, 280, 282, 241, 425),
            *(194, 190, 186, 279, 447),
            *(434, 438, 270, 271),
        ),
        25,
    ),
}


def _instruction(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)


def program(machine: str | None = None) -> bytes | None:
    """The filter for this kind of processor; None where there is none."""
    found = CALLS.get(machine or platform.machine())
    if found is None:
        return None
    architecture, calls, fcntl = found
    lines = [
        _instruction(LOAD, ARCHITECTURE),
        _instruction(JUMP_IF_EQUAL, architecture, if_true=1),
        _instruction(RETURN, KILL),
        _instruction(LOAD, NUMBER),
        _instruction(JUMP_IF_AT_LEAST, X32, if_true=len(calls) + 4),
    ]
    for place, call in enumerate(calls):
        lines.append(_instruction(JUMP_IF_EQUAL, call, if_true=len(calls) - place + 3))
    lines += [
        _instruction(JUMP_IF_EQUAL, fcntl, if_false=2),
        _instruction(LOAD, SECOND),
        _instruction(JUMP_IF_EQUAL, F_SETLEASE, if_true=1),
        _instruction(RETURN, ALLOW),
        _instruction(RETURN, REFUSE),
    ]
    return b"".join(lines)
