"""Many pages through a C compressor and back, without Python in between.

A compressor is the address of a C function with LZ4's four arguments (`jit.call_codec`).

Source: crypto/lz4.c: lz4_compress_crypto, lz4_decompress_crypto (v3.12.9). mm/zswap.c compresses
one page at a time.
"""

from zbudlab.jit import call_codec, kernel
from zbudlab.layout import PAGE_SIZE


@kernel
def crypto_compress_page(function, pages, page, out, row, spare):
    """Compress a page into a row of `out`. Return its size in bytes, -1 if it exceeds a page.

    spare: uint8 (n,), large enough for any result. With less room a compressor may give up too
    early.
    """
    made = call_codec(function, pages, page, PAGE_SIZE, out, row, PAGE_SIZE)
    if made > 0:
        return made
    made = call_codec(function, pages, page, PAGE_SIZE, spare, 0, len(spare))
    if made > PAGE_SIZE:
        return -1
    for i in range(made):
        out[row, i] = spare[i]
    return made


@kernel(inline=False)
def crypto_compress_pages(function, pages, out, spare, lengths):
    """Compress page i into row i of `out`; lengths[i] is its size, as of `crypto_compress_page`."""
    for row in range(len(pages)):
        lengths[row] = crypto_compress_page(function, pages, row, out, row, spare)


@kernel(inline=False)
def crypto_decompress_pages(function, memory, starts, lengths, out, rows, found):
    """Decompress lengths[i] bytes of `memory`, uint8 (n,), into row rows[i] of `out`.

    found[i] receives the size of the result, negative for damaged data. starts and rows are not
    checked.
    """
    for i in range(len(rows)):
        found[i] = call_codec(function, memory, starts[i], lengths[i], out, rows[i], PAGE_SIZE)
