"""The last step without a linker: an object file of LLVM becomes a module with exports.

An object with nothing left to link is a valid module, except that it says what it offers in a
symbol table for linkers instead of an export section, and expects a memory and a stack pointer from
others. A module has both itself: wasmtime then finds them with one load fewer in each function.

Source: WebAssembly core specification, "Binary Format"; tool-conventions, Linking.md.
"""

from collections.abc import Iterator

HEADER = b"\0asm\x01\0\0\0"
CUSTOM, IMPORT, MEMORY, GLOBAL, EXPORT, CODE = 0, 2, 5, 6, 7, 10
#: Sections in the order that a module needs; the count of data segments precedes the code.
ORDER = (1, IMPORT, 3, 4, MEMORY, 13, GLOBAL, EXPORT, 8, 9, 12, CODE, 11)
SYMBOL_TABLE = 8  # a part of the custom section `linking`
FUNCTION, DATA, SECTION = 0, 1, 3  # kinds of symbols; other kinds have the form of functions
OF_MEMORY, OF_GLOBAL = 2, 3  # kinds of imports and exports; functions have 0, too
PAGE = 1 << 16  #: bytes in which a memory is measured
I32, MUTABLE, I32_CONST, END = 0x7F, 1, 0x41, 0x0B
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


def signed(value: int) -> bytes:
    """Return a number as signed LEB128."""
    out = bytearray()
    while not -0x40 <= value < 0x40:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value & 0x7F])


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


def imported(imports: bytes) -> list[tuple[int, str]]:
    """Return the kind and name of each memory or global in a section of imports.

    Raises ValueError for other kinds.
    """
    reader = Reader(imports)
    found = []
    for _ in range(reader.number()):
        reader.name()
        name, kind = reader.name(), reader.take(1)[0]
        if kind not in (OF_MEMORY, OF_GLOBAL):
            raise ValueError(f"the object imports {name}, which is neither memory nor a global")
        first = reader.number()  # of a memory: whether it has a maximum; of a global: its type
        for _ in range(2 if kind == OF_MEMORY and first else 1):
            reader.number()
        found.append((kind, name))
    return found


def _as_exports(functions: dict[str, int]) -> bytes:
    """Return the section that exports these functions, and the memory."""
    items = [(name, FUNCTION, index) for name, index in sorted(functions.items())]
    return number(len(items) + 1) + b"".join(
        number(len(name)) + name.encode() + bytes([kind]) + number(index)
        for name, kind, index in [*items, ("memory", OF_MEMORY, 0)]
    )


def module_of(wasm_object: bytes, stack_top: int) -> bytes:
    """Return a module that exports the object's functions and its memory, and imports nothing.

    stack_top: bytes of memory at the start, where the stack begins; it grows downwards. Custom
    sections are left out. Raises ValueError for an object that needs anything else from others.
    """
    kept: dict[int, bytes] = {}
    for kind, content in sections(wasm_object):
        if kind != CUSTOM:
            kept[kind] = content
            continue
        reader = Reader(content)
        if reader.name() == "linking":
            functions = exported(reader.data[reader.at :])
    needed = {OF_MEMORY: "__linear_memory", OF_GLOBAL: "__stack_pointer"}
    for kind, name in imported(kept.pop(IMPORT)):
        if needed.pop(kind, None) != name:
            raise ValueError(f"the object imports {name}, which a module does not have")
    kept[MEMORY] = number(1) + b"\0" + number(-(-stack_top // PAGE))
    top = bytes([I32, MUTABLE, I32_CONST]) + signed(stack_top) + bytes([END])
    kept[GLOBAL] = number(1) + top
    kept[EXPORT] = _as_exports(functions)
    ordered = sorted(kept.items(), key=lambda section: ORDER.index(section[0]))
    return HEADER + b"".join(
        bytes([kind]) + number(len(content)) + content for kind, content in ordered
    )
