"""The filter of system calls for the grading sandbox, as `bwrap --seccomp` reads it.

The filter refuses new processes and threads, changes of mounts, and every way to reach another
process or sandbox. RLIMIT_NPROC would not hold where the grader runs as root, and no resource
limit counts memory shared by key or descriptor. Locks, leases and watches on files that all
sandboxes read are channels between them, and so is the page cache, so those are refused as well.

The filter is written here because no maintained library does it: pyseccomp (last release 2021)
needs the system's libseccomp, and libseccomp's own Python binding has no release on PyPI.
"""

import errno
import platform
import struct

# Parts of a classic BPF program: load a word; compare it; return.
LOAD = 0x20
JUMP_IF_EQUAL = 0x15
JUMP_IF_AT_LEAST = 0x35
RETURN = 0x06

ALLOW = 0x7FFF0000
KILL = 0x80000000
REFUSE = 0x00050000 | errno.EPERM
UNKNOWN = 0x00050000 | errno.ENOSYS

NUMBER, ARCHITECTURE, SECOND = 0, 4, 24  #: offsets in struct seccomp_data; of the second argument
X32 = 0x40000000  #: from this number on, x86-64 has calls of another ABI

#: Processors with a filter: the kernel's number of the architecture, the number of fcntl.
PROCESSORS = {"x86_64": (0xC000003E, 72), "aarch64": (0xC00000B7, 25)}

#: Refused calls, with their numbers on x86-64 and aarch64; None where the call does not exist.
REFUSED: dict[str, tuple[int | None, int | None]] = {
    # processes and threads
    "clone": (56, 220),
    "fork": (57, None),
    "vfork": (58, None),
    "clone3": (435, 435),
    "unshare": (272, 97),
    "setns": (308, 268),
    # other processes
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "pidfd_send_signal": (424, 424),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "process_madvise": (440, 440),
    "process_mrelease": (448, 448),
    # mounts
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "quotactl": (179, 60),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "quotactl_fd": (443, 443),
    "statmount": (457, 457),
    "listmount": (458, 458),
    "open_tree_attr": (467, 467),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    # the kernel itself
    "reboot": (169, 142),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "acct": (163, 89),
    "syslog": (103, 116),
    "iopl": (172, None),
    "ioperm": (173, None),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "bpf": (321, 280),
    "userfaultfd": (323, 282),
    "perf_event_open": (298, 241),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    # the network: a new name space has none, but AF_VSOCK and AF_ALG are in no name space
    "socket": (41, 198),
    # what makes everything else on this computer wait
    "sync": (162, 81),
    "syncfs": (306, 267),
    # memory that no limit counts
    "shmget": (29, 194),
    "semget": (64, 190),
    "msgget": (68, 186),
    "mq_open": (240, 180),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    # channels through files that all sandboxes read
    "flock": (73, 32),
    "inotify_init": (253, None),
    "inotify_init1": (294, 26),
    "inotify_add_watch": (254, 27),
    "fanotify_init": (300, 262),
    "fanotify_mark": (301, 263),
    "mincore": (27, 232),
    "cachestat": (451, 451),
    "preadv2": (327, 286),  # with RWF_NOWAIT it says what is in the page cache
    "pwritev2": (328, 287),
    "fadvise64": (221, 223),
    "readahead": (187, 213),
}

#: From this number on, calls have one number on all processors. Those not listed in ALLOWED_NEW
#: are refused, so that a newer kernel opens nothing: close_range, openat2, faccessat2,
#: epoll_pwait2, futex_waitv, fchmodat2, futex_wake, futex_wait, futex_requeue, mseal.
FIRST_NEW = 424
ALLOWED_NEW = (436, 437, 439, 441, 449, 452, 454, 455, 456, 462)

#: Allowed commands of fcntl: F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD_CLOEXEC. The
#: others set locks, leases, watches and hints, which other sandboxes can see.
FCNTL = (0, 1, 2, 3, 4, 1030)


def _instruction(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)


def _returning(values: list[int], verdict: int) -> list[bytes]:
    """Return instructions that end with `verdict` if the loaded word is one of `values`."""
    lines = []
    for value in values:
        lines.append(_instruction(JUMP_IF_EQUAL, value, if_false=1))
        lines.append(_instruction(RETURN, verdict))
    return lines


def numbers(machine: str) -> dict[str, int]:
    """Return the refused calls of a processor: their numbers by name."""
    place = list(PROCESSORS).index(machine)
    found = {name: both[place] for name, both in REFUSED.items()}
    return {name: number for name, number in found.items() if number is not None}


def program(machine: str | None = None) -> bytes | None:
    """Return the filter for a processor (default: this one), or None if there is no filter."""
    machine = machine or platform.machine()
    if machine not in PROCESSORS:
        return None
    architecture, fcntl = PROCESSORS[machine]
    new = _returning(list(ALLOWED_NEW), ALLOW)
    commands = _returning(list(FCNTL), ALLOW)
    lines = [
        _instruction(LOAD, ARCHITECTURE),
        _instruction(JUMP_IF_EQUAL, architecture, if_true=1),
        _instruction(RETURN, KILL),
        _instruction(LOAD, NUMBER),
        _instruction(JUMP_IF_AT_LEAST, X32, if_false=1),
        _instruction(RETURN, REFUSE),
        *_returning(sorted(numbers(machine).values()), REFUSE),
        _instruction(JUMP_IF_AT_LEAST, FIRST_NEW, if_false=len(new) + 1),
        *new,
        _instruction(RETURN, UNKNOWN),
        _instruction(JUMP_IF_EQUAL, fcntl, if_false=len(commands) + 2),
        _instruction(LOAD, SECOND),
        *commands,
        _instruction(RETURN, REFUSE),
        _instruction(RETURN, ALLOW),
    ]
    return b"".join(lines)
