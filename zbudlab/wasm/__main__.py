"""`python -m zbudlab.wasm`: build the modules that are not on disk, and say how large they are."""

import gzip

from zbudlab.wasm.builder import ENTRIES, PAGE_ENTRIES, PANEL_ENTRIES, build

MODULES = {"everything": ENTRIES, "live pages": PAGE_ENTRIES, "pressure panel": PANEL_ENTRIES}

for what, source in MODULES.items():
    module = build(source)
    sizes = f"{len(module.code):,} bytes, {len(gzip.compress(module.code, 9)):,} by gzip"
    print(f"wasm: {what}: {len(module.description['exports'])} functions in {sizes}")
