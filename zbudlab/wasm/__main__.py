"""`python -m zbudlab.wasm`: build the module if it is not on disk, and say how large it is."""

import gzip

from zbudlab.wasm.builder import build

module = build()
sizes = f"{len(module.code):,} bytes, {len(gzip.compress(module.code, 9)):,} by gzip"
print(f"wasm: {len(module.description['exports'])} functions in {sizes}")
