"""The last step without a linker: an object file of LLVM becomes a module with exports.

An object with nothing left to link is a valid module, except that it says what it offers in a
symbol table for linkers instead of an export section.

Source: WebAssembly core specification, "Binary Format"; tool-conventions, Linking.md.
"""

from collections.abc import Iterator

HEADER = b"\0asm\x01\0\0\0"
CUSTOM, EXPORT, CODE = 0, 7, 10
#: Sections in the order that a module needs; the count of data segments precedes the code.
ORDER = (1, 2, 3, 4, 5, 13, 6, EXPORT, 8, 9, 12, CODE, 11)
SYMBOL_TABLE = 8  # a part of the custom section `linking`
FUNCTION, DATA, SECTION = 0, 1, 3  # kinds of symbols; other kinds have the form of functions
LOCAL, UNDEFINED, NAMED = 0x02, 0x10, 0x40  # flags of symbols


class Reader:
    """Reads numbers and names one after another."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def more(self) -> bool:
        """Return whether anything is left."""
        return self.at < len(self.data)

    def take(self, length: int) -> bytes:
        """Return the next bytes."""
        self.at += length
        return self.data[self.at - length : self.at]

    def number(self) -> int:
        """Return the next number, unsigned LEB128."""
        value, shift = 0, 0
        while True:
            (byte,) = self.take(1)
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def name(self) -> str:
        """Return the next name."""
        return self.take(self.number()).decode()


def number(value: int) -> bytes:
    """Return a number as unsigned LEB128."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def sections(module: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the number and the content of each section."""
    reader = Reader(module)
    if reader.take(len(HEADER)) != HEADER:
        raise ValueError("not a WebAssembly module")
    while reader.more():
        yield reader.take(1)[0], reader.take(reader.number())


def _symbol(reader: Reader) -> tuple[str, int] | None:
    """Read a symbol; return the name and number of a function that the module offers."""
    kind, flags = reader.take(1)[0], reader.number()
    if kind == SECTION:
        reader.number()
        return None
    if kind == DATA:
        reader.name()
        for _ in range(0 if flags & UNDEFINED else 3):
            reader.number()
        return None
    index = reader.number()
    name = reader.name() if not flags & UNDEFINED or flags & NAMED else ""
    return (name, index) if kind == FUNCTION and not flags & (LOCAL | UNDEFINED) else None


def exported(linking: bytes) -> dict[str, int]:
    """Return the functions that the section `linking` names, with their numbers."""
    reader = Reader(linking)
    reader.number()  # version
    found: dict[str, int] = {}
    while reader.more():
        kind, part = reader.take(1)[0], Reader(reader.take(reader.number()))
        if kind == SYMBOL_TABLE:
            symbols = [_symbol(part) for _ in range(part.number())]
            found.update(symbol for symbol in symbols if symbol)
    return found


def module_of(wasm_object: bytes) -> bytes:
    """Return a module that exports the object's functions. Custom sections are left out."""
    kept: dict[int, bytes] = {}
    for kind, content in sections(wasm_object):
        if kind != CUSTOM:
            kept[kind] = content
            continue
        reader = Reader(content)
        if reader.name() == "linking":
            functions = exported(reader.data[reader.at :])
    names = [
        number(len(name)) + name.encode() + bytes([FUNCTION]) + number(index)
        for name, index in sorted(functions.items())
    ]
    kept[EXPORT] = number(len(names)) + b"".join(names)
    ordered = sorted(kept.items(), key=lambda section: ORDER.index(section[0]))
    return HEADER + b"".join(
        bytes([kind]) + number(len(content)) + content for kind, content in ordered
    )
