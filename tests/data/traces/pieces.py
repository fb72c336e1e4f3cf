"""Takes and gives back memory, in pieces large and small."""

import sys

kept = []
for turn in range(int(sys.argv[1])):
    kept.append(bytearray(4096 * (1 + turn % 7 * 16)))
    kept[-1][:] = b"x" * len(kept[-1])
    if turn % 3 == 2:
        del kept[turn % len(kept)]
