"""e01_pages under other rules: what the package does not contain."""

LARGE_SHIFT = 14


def large_address_pfn(address):
    """Return the frame of 16384 bytes that contains the byte."""
    return address >> LARGE_SHIFT


def large_page_address(pfn):
    """Where that frame begins."""
    return pfn << LARGE_SHIFT


FUNCTIONS = {"large-pages": {"address_pfn": large_address_pfn, "page_address": large_page_address}}
