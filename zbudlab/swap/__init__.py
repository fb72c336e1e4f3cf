"""Swap as the kernel does it between its locks: areas, zswap in front of them, the device."""
