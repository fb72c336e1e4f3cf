"""What the kernel does between its locks, compiled: faults, reclaim, swap, logs of operations.

A driver is a loop over the kernels of `zbudlab.mm`, cut where only the host can go on: it returns
a reason (layout.STOP_*), the host acts, and calls it again. Its position is a record
(layout.progress), so any piece can be the last one of a call. Python and browsers are both hosts.
"""
