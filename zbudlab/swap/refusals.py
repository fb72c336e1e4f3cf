"""Why zswap refused a page, in words."""

from zbudlab import layout

#: By layout.REFUSED_*: what follows "zswap refused the page because".
REFUSALS = {
    layout.REFUSED_NO_POOL: "its swap area has no zswap pool",
    layout.REFUSED_THRESHOLD: "the pool had reached its limit and was not yet below the accept "
    "threshold again",
    layout.REFUSED_FULL: "the pool was at its limit; this kernel makes room for later pages only",
    layout.REFUSED_RECLAIM: "the pool was at its limit, and reclaim could not make room",
    layout.REFUSED_ENTRY: "there was no memory for a zswap entry",
    layout.REFUSED_COMPRESSOR: "the compressor failed on it",
    layout.REFUSED_LENGTH: "it compressed poorly: the result is longer than a pool's page can hold",
    layout.REFUSED_FRAME: "there was no page frame for the pool to grow",
    layout.REFUSED_NODE: "there was no memory for a node of the tree of handles, or for "
    "another record of the pool's allocator",
    layout.REFUSED_CGROUP: "its cgroup had reached memory.zswap.max",
    layout.REFUSED_LIMIT: "the pools had reached their limit",
    layout.REFUSED_TREE: "there was no memory for a node of the tree of swap slots",
    layout.REFUSED_DISABLED: "zswap was switched off",
}
