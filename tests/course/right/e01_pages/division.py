"""Divides, adds and subtracts where others shift and mask."""

LOSES = ()


def address_pfn(address):
    return (address - address % 4096) // 4096


def page_address(pfn):
    return pfn * 4096


def clear_flag(page, flag):
    page.page_flags -= page.page_flags & flag
