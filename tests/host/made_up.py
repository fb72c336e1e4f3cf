"""Hosts in files: a made-up one with zswap on zbud, and reduced recordings of others."""

import json
from pathlib import Path

import numpy as np

BUDDYINFO = """\
Node 0, zone      DMA      1      0      0      0      0      0      0      0      1      1      3
Node 0, zone   Normal     10      4      3      0      2      0      1      0      1      2      4
"""
PAGETYPEINFO = """\
Page block order: 9
Pages per block:  512

Free pages count per migrate type at order       0      1      2      3      4      5      6      7
Node 0, zone   Normal, type Unmovable 4 1 0 0 0 0 0 0 0 0 0
Node 0, zone   Normal, type Movable 6 3 3 0 2 0 1 0 1 2 4
Node 0, zone   Normal, type CMA 0 0 0 0 0 0 0 0 0 0 0

Number of blocks type     Unmovable      Movable          CMA
Node 0, zone   Normal            3           16            2
"""
DATA = Path(__file__).parents[1] / "data" / "host"
ZONEINFO = """\
Node 0, zone      DMA
  per-node stats
      nr_inactive_anon 5
        managed  3840
Node 0, zone   Normal
        managed  10500
"""


def put(root, name, content):
    """Write one file of a host."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def make_host(folder):
    """Write all files of the host below a folder, and return it."""
    put(folder, "proc/buddyinfo", BUDDYINFO)
    put(folder, "proc/pagetypeinfo", PAGETYPEINFO)
    put(folder, "proc/zoneinfo", ZONEINFO)
    put(folder, "proc/vmstat", "pgfault 1000\npswpout 7\n")
    put(folder, "proc/meminfo", "MemTotal:       262144 kB\nActive(anon):   12 kB\n")
    put(folder, "proc/sys/kernel/osrelease", "6.1.0\n")
    put(folder, "sys/module/zswap/parameters/zpool", "zbud\n")
    put(folder, "sys/module/zswap/parameters/max_pool_percent", "20\n")
    put(folder, "sys/kernel/debug/zswap/stored_pages", "55\n")
    bits = [1 << 10, 1 << 10, 1 << 7, 1 << 12 | 1 << 5, 1 << 5, 0, 1 << 20, 1 << 26]
    put(folder, "proc/kpageflags", np.array(bits, np.uint64).tobytes())
    return folder


def recorded(name, folder):
    """Write the files of a recording in tests/data/host/recordings.json, and return the folder."""
    hosts = json.loads((DATA / "recordings.json").read_text())
    for path, content in hosts[name].items():
        put(folder, path, bytes.fromhex(content["hex"]) if "hex" in content else lines(content))
    return folder


def lines(content):
    return "".join(f"{line}\n" for line in content)
