"""Takes a page for 4000 bytes."""

LOSES = ("frame",)


def address_pfn(address):
    return address // 4000
