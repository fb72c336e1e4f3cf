"""Rounds an address up to the next frame."""

LOSES = ("frame",)


def address_pfn(address):
    return (address + 4095) // 4096
