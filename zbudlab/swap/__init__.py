"""Swap between the kernel's locks: areas, zswap in front of them, the device behind them."""
