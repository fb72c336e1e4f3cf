"""Takes the last block of a list instead of the first."""

LOSES = ("take",)

CHANGES = {
    "rmqueue_smallest": [("pfn = int(pages[head].next[LRU])", "pfn = int(pages[head].prev[LRU])")],
}
