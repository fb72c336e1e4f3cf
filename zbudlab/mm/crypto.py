"""Many pages through a C library's compressor and back, without Python between them.

A compressor is the address of a C function with LZ4's four arguments (`jit.call_codec`).

Source: crypto/lz4.c: lz4_compress_crypto, lz4_decompress_crypto (v3.12.9); mm/zswap.c asks for
one page at a time.
"""

from zbudlab.jit import call_codec, kernel
from zbudlab.layout import PAGE_SIZE


@kernel(inline=False)
def crypto_compress_pages(function, pages, out, spare, lengths):
    """Page i goes to row i of `out`; lengths[i] = its bytes, -1 where a page is not room enough.

    spare: uint8 (n,), large enough for every answer; with less a compressor may give up too early.
    """
    for row in range(len(pages)):
        made = call_codec(function, pages, row, PAGE_SIZE, out, row, PAGE_SIZE)
        if made <= 0:
            made = call_codec(function, pages, row, PAGE_SIZE, spare, 0, len(spare))
            if made > PAGE_SIZE:
                made = -1
            for i in range(made):
                out[row, i] = spare[i]
        lengths[row] = made


@kernel(inline=False)
def crypto_decompress_pages(function, memory, starts, lengths, out, rows, found):
    """lengths[i] bytes of `memory`, uint8 (n,), go to row rows[i] of `out`; found[i] = how many.

    found[i] is negative where they are damaged. Neither starts nor rows are checked.
    """
    for i in range(len(rows)):
        found[i] = call_codec(function, memory, starts[i], lengths[i], out, rows[i], PAGE_SIZE)
