"""Page content from named recipes: the same bytes on every system, in every version.

`pages("text", 1000)` makes a thousand pages that look like text to a compressor, `page` one of
them. A page depends on its recipe, its number and the seed alone, never on how many are asked for
at once. All randomness comes from SHAKE-128 and all arithmetic is on integers, so no library can
change a byte; the tests compare each recipe with a fixed SHA-256.

`text` and `binary` are synthetic and only resemble real content: words and opcodes follow Zipf's
law, and pages differ in how many of them they use. `half` is exact: a running Linux 6.1 compressed
the same pages, and the lengths are known.
"""

import hashlib
from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from zbudlab.io.values import INT64_MAX, fault_of, shown
from zbudlab.layout import PAGE_SIZE

Bytes = NDArray[np.uint8]

RECIPES = {
    "text": "sentences of made-up words, the common ones often: LZ4 leaves about 57 %",
    "binary": "made-up machine code, records, strings, padding: LZ4 leaves 30 to 80 %",
    "zero": "all bytes zero",
    "same": "one eight-byte word, repeated: another word on each page",
    "random": "nothing to compress",
    "half": "the first X bytes random, the rest one byte; X = 0, 2 ... 4094, spread over the pages",
    "mixed": "by chance 35 % text, 25 % binary, 15 % random, 10 % zero, 10 % same, 5 % half",
}

_MIXED = ["text"] * 7 + ["binary"] * 5 + ["random"] * 3 + ["zero"] * 2 + ["same"] * 2 + ["half"]
MOST_PAGES = 1 << 24  #: that can be made at once
_BATCH = 32  # pages made together: their working arrays stay in the cache
_HALVES = PAGE_SIZE // 2  # pages of `half` that differ in X
_HALF_STRIDE = 1265  # odd, and near the golden ratio of _HALVES: any stretch has all sizes of X
_SECTIONS = 8  # stretches of a binary page that differ in kind


def page(recipe: str, index: int, seed: int = 0) -> bytes:
    """Return page `index` of a recipe, PAGE_SIZE bytes. Raises ValueError as `pages` does."""
    return pages(recipe, 1, seed, first=index)[0].tobytes()


def pages(recipe: str, count: int, seed: int = 0, first: int = 0) -> Bytes:
    """Return pages first .. first + count - 1 of a recipe, uint8 (count, PAGE_SIZE).

    Raises ValueError for an unknown recipe, and for numbers that are negative or not whole.
    """
    if not isinstance(recipe, str) or recipe not in RECIPES:
        raise ValueError(f"no recipe {shown(recipe)}; there are {', '.join(RECIPES)}")
    for name, value, most in (
        ("count", count, MOST_PAGES),
        ("seed", seed, INT64_MAX),
        ("first", first, INT64_MAX - MOST_PAGES),
    ):
        if fault := fault_of(name, value, 0, most):
            raise ValueError(fault)
    count, seed, first = int(count), int(seed), int(first)
    made = np.empty((count, PAGE_SIZE), np.uint8)
    for start in range(0, count, _BATCH):
        stop = min(start + _BATCH, count)
        made[start:stop] = _MAKERS[recipe](range(first + start, first + stop), seed)
    return made


def half_page(x: int, more: str = "") -> bytes:
    """Return the page of `half` whose first x bytes are SHAKE-128 of the text `half{x}{more}`.

    If `more` is empty, a running Linux 6.1 compressed this page (x = 0, 2 ... 4094).
    """
    noise = hashlib.shake_128(f"half{x}{more}".encode()).digest(x)
    return noise.ljust(PAGE_SIZE, bytes([x // 2 * 37 % 256]))


def _stream(name: str, numbers: Sequence[int], seed: int, length: int) -> Bytes:
    """Return `length` random bytes for each page, uint8 (pages, length)."""
    digests = (hashlib.shake_128(f"{name}/{seed}/{i}".encode()).digest(length) for i in numbers)
    return np.frombuffer(b"".join(digests), np.uint8).reshape(len(numbers), length)


def _zero(numbers: Sequence[int], seed: int) -> Bytes:
    return np.zeros((len(numbers), PAGE_SIZE), np.uint8)


def _same(numbers: Sequence[int], seed: int) -> Bytes:
    return np.tile(_stream("same", numbers, seed, 8), PAGE_SIZE // 8)


def _random(numbers: Sequence[int], seed: int) -> Bytes:
    return _stream("random", numbers, seed, PAGE_SIZE)


def _half(numbers: Sequence[int], seed: int) -> Bytes:
    """Return the recorded pages for numbers below 2048 and seed 0, and others like them."""
    made = []
    for number in numbers:
        turn, place = divmod(number, _HALVES)
        more = f"/{seed}/{turn}" if seed or turn else ""
        made.append(half_page(place * _HALF_STRIDE % _HALVES * 2, more))
    return np.frombuffer(b"".join(made), np.uint8).reshape(-1, PAGE_SIZE)


def _mixed(numbers: Sequence[int], seed: int) -> Bytes:
    draws = _stream("mixed", numbers, seed, 2).view("<u2")[:, 0].astype(np.int64)
    kinds = np.array(_MIXED)[draws * len(_MIXED) >> 16]
    made = np.empty((len(numbers), PAGE_SIZE), np.uint8)
    for kind in dict.fromkeys(_MIXED):
        (chosen,) = np.nonzero(kinds == kind)
        if chosen.size:
            made[chosen] = _MAKERS[kind]([numbers[i] for i in chosen.tolist()], seed)
    return made


# --- from tokens: text and machine code -------------------------------------------------------
class _Tokens(NamedTuple):
    """A language: heads (words, opcodes) alternate with tails (separators, operands)."""

    letters: Bytes  # all tokens, one after another
    start: NDArray[np.int32]  # of each token in `letters`
    length: NDArray[np.int32]
    heads: NDArray[np.int32]  # token by a draw of two bytes, the common ones first
    tails: NDArray[np.int32]  # token by a draw of one byte
    draws: int  # pairs that fill a page however short they are

    def stream_length(self) -> int:
        return 1 + 3 * self.draws


def _tokens(heads: list[bytes], tails: list[bytes]) -> _Tokens:
    """Return a language: heads follow Zipf's law, the 256 tails are equally likely."""
    assert len(tails) == 256, len(tails)
    every = heads + tails
    length = np.array([len(token) for token in every], np.int32)
    shortest = min(map(len, heads)) + min(map(len, tails))
    return _Tokens(
        letters=np.frombuffer(b"".join(every), np.uint8),
        start=np.cumsum(length, dtype=np.int32) - length,
        length=length,
        heads=_zipf(len(heads)),
        tails=np.arange(len(heads), len(every), dtype=np.int32),
        draws=-(-PAGE_SIZE // shortest),
    )


def _zipf(count: int) -> NDArray[np.int32]:
    """Return ranks for the draws 0 .. 65535: rank r in proportion to 1 / (r + 3)."""
    weights = (1 << 32) // np.arange(3, count + 3, dtype=np.int64)
    bounds = np.cumsum(weights) * (1 << 16) // weights.sum()
    return np.searchsorted(bounds, np.arange(1 << 16), side="right").astype(np.int32)


def _spell(tokens: _Tokens, stream: Bytes) -> Bytes:
    """Return pages of tokens. The first byte of a stream says how many heads its page uses."""
    split = 1 + 2 * tokens.draws
    richness = 32 + stream[:, :1].astype(np.uint32) * 3 // 4  # of 256: from the commonest up
    draws = stream[:, 1:split].view("<u2") * richness >> 8
    pairs = tokens.heads[draws], tokens.tails[stream[:, split:]]
    order = np.stack(pairs, axis=2).reshape(len(stream), -1)
    length = tokens.length[order]
    start = np.cumsum(length, axis=1, dtype=np.int32) - length
    used = np.count_nonzero(start.min(axis=0) < PAGE_SIZE)  # by any of the pages
    order, start, length = order[:, :used], start[:, :used], length[:, :used]
    length = np.minimum(length, np.maximum(PAGE_SIZE - start, 0))
    origin = np.repeat((tokens.start[order] - start).ravel(), length.ravel())
    return tokens.letters[origin.reshape(-1, PAGE_SIZE) + np.arange(PAGE_SIZE, dtype=np.int32)]


@cache
def _language() -> _Tokens:
    """Return words of one to four made-up syllables; separators include common words."""
    onsets = b"t n s r l d m k p b v h g f st tr".split()
    vowels = b"a e i o u ea ou ai".split()
    codas = [b"", b"", b"", b"n", b"r", b"s", b"l", b"nd"]
    syllables = [o + v + c for o in onsets for v in vowels for c in codas]
    chance = np.frombuffer(hashlib.shake_128(b"words").digest(6000 * 8), "<u2").reshape(-1, 4)
    words = [
        b"".join(syllables[s % len(syllables)] for s in row[: 1 + (rank > 24) + row[0] % 3])
        for rank, row in enumerate(chance.tolist())
    ]
    separators = [b" "] * 128 + [b" the ", b" of ", b", ", b" and ", b".\n", b" to "] * 16
    separators += [b" in a ", b". The ", b" is ", b", which ", b"; ", b" (", b") ", b" - "] * 4
    return _tokens(list(dict.fromkeys(word for word in words if len(word) > 2)), separators)


def _text(numbers: Sequence[int], seed: int) -> Bytes:
    tokens = _language()
    return _spell(tokens, _stream("text", numbers, seed, tokens.stream_length()))


@cache
def _instructions() -> _Tokens:
    """Return opcodes of two to four bytes, with registers, offsets, addresses and calls."""
    chance = hashlib.shake_128(b"opcodes").digest(1024 * 5)
    opcodes = [chance[i + 1 : i + 3 + chance[i] % 3] for i in range(0, len(chance), 5)]
    registers = [bytes([0xC0 + i]) for i in range(56)]
    offsets = [bytes([0x44, 8 * i % 256]) for i in range(120)]
    addresses = [bytes([i * 83 % 256, i * 7 % 32, 0, 0]) for i in range(48)]
    calls = [bytes([0xE8, i * 59 % 256, 0xFF - i % 4, 0xFF, 0xFF]) for i in range(32)]
    return _tokens(list(dict.fromkeys(opcodes)), registers + offsets + addresses + calls)


def _records(stream: Bytes) -> Bytes:
    """Return pages of C structs of 16 bytes: small numbers, and pointers close together."""
    draws = stream[:, : PAGE_SIZE // 4].view("<u2").astype("<u8").reshape(len(stream), -1, 2)
    size, kind = draws[:, :, 0] % 29 * 8, draws[:, :, 0] >> 14
    near = (0x55D0 << 32) + (draws[:, :1, 1] << 16)
    fields = [size | kind << 32, near | draws[:, :, 1] & 0x1FF0]
    return np.stack(fields, axis=2).astype("<u8").view(np.uint8)


_KINDS = np.array([0, 0, 0, 1, 1, 2, 2, 3])  # of stretches: code, records, strings, padding


def _binary(numbers: Sequence[int], seed: int) -> Bytes:
    """Return pages of code, records, strings and padding; each page has a few of these kinds."""
    count, code, text = len(numbers), _instructions(), _language()
    drawn, length = 2 + _SECTIONS, code.stream_length()
    stream = _stream("binary", numbers, seed, drawn + length)
    first, spread, choice = stream[:, :1], stream[:, 1:2] % 7 + 2, stream[:, 2:drawn]
    stream = stream[:, drawn:]
    strings = _spell(text, stream[:, : text.stream_length()])
    strings[strings == ord(" ")] = 0
    made = [_spell(code, stream), _records(stream), strings, np.zeros_like(strings)]
    stretches = np.stack([kind.reshape(count, _SECTIONS, -1) for kind in made])
    kinds = _KINDS[(first + choice % spread) % len(_KINDS)]
    return stretches[kinds, *np.ix_(range(count), range(_SECTIONS))].reshape(count, PAGE_SIZE)


_MAKERS: dict[str, Callable[[Sequence[int], int], Bytes]] = {
    "text": _text,
    "binary": _binary,
    "zero": _zero,
    "same": _same,
    "random": _random,
    "half": _half,
    "mixed": _mixed,
}
