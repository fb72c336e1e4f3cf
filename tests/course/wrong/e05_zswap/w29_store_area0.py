"""Takes the size of pool 0, whatever area the slot is in."""

LOSES = ("store",)

CHANGES = {"store_entry": [("mem.pools[slot_pool(mem, slot)]", "mem.pools[0]")]}
