"""Names of steps and faults."""

from zbudlab import layout

#: Steps of a compaction, and of a CMA request after its first.
MOVING = (
    "isolate (look)",
    "isolate (get)",
    "alloc_pages",
    "page_count",
    "lock_page",
    "zbud_migrate_page",
    "unlock_page",
    "put_page",
    "put_page",
)

#: The steps of each kind of actor, by `pc`.
STEPS: dict[int, tuple[str, ...]] = {
    layout.ACTOR_USER: ("zbud_map", "read", "zbud_unmap", "zbud_unmap (locked)"),
    layout.ACTOR_FREE: ("zbud_free",),
    layout.ACTOR_COMPACT: MOVING,
    layout.ACTOR_LOAD: (
        "add_to_swap_cache",
        "zswap_entry_find_get",
        "zbud_map",
        "decompress",
        "zbud_unmap",
        "zbud_unmap (locked)",
        "zswap_entry_put",
    ),
    layout.ACTOR_STORE: (
        "zbud_alloc",
        "zbud_map",
        "write",
        "zbud_unmap",
        "zbud_unmap (locked)",
        "zswap_rb_insert",
    ),
    layout.ACTOR_INVALIDATE: ("zswap_invalidate_page",),
    layout.ACTOR_WRITEBACK: (
        "zbud_reclaim_page (begin)",
        "zbud_map",
        "read swap entry",
        "zbud_unmap",
        "zbud_unmap (locked)",
        "zswap_entry_find_get",
        "add_to_swap_cache",
        "zbud_map",
        "decompress",
        "zbud_unmap",
        "zbud_unmap (locked)",
        "swap_writepage",
        "zswap_entry_put",
        "zbud_reclaim_page (end)",
    ),
    layout.ACTOR_CMA: (
        *MOVING,
        "start_isolate_page_range",
        "test_pages_isolated",
        "undo_isolate_page_range",
    ),
    layout.ACTOR_COUNTER: ("lock_page", "read", "write", "unlock_page"),
}

#: Steps that run under a lock, or take or release one, and its name.
LOCKS: dict[str, str] = {
    **dict.fromkeys(("lock_page", "unlock_page"), "page"),
    **dict.fromkeys(("alloc_pages", "put_page"), "zone"),
    **dict.fromkeys(
        ("start_isolate_page_range", "test_pages_isolated", "undo_isolate_page_range"), "zone"
    ),
    **dict.fromkeys(
        (
            *("zbud_map", "zbud_unmap (locked)", "zbud_free", "zbud_alloc", "zbud_migrate_page"),
            *("zbud_reclaim_page (begin)", "zbud_reclaim_page (end)"),
        ),
        "pool",
    ),
    **dict.fromkeys(
        (
            *("zswap_entry_find_get", "zswap_entry_put", "zswap_rb_insert"),
            "zswap_invalidate_page",
        ),
        "tree",
    ),
}

#: Each fault: a short name, and why it is one.
FAULTS: dict[int, tuple[str, str]] = {
    layout.FAULT_MOVED: (
        "moved under its mapper",
        "the page moved while a user held an address in it, so the user works on the old frame",
    ),
    layout.FAULT_GONE: (
        "freed under its mapper",
        "the object was freed while a user held its address",
    ),
    layout.FAULT_CONTENT: (
        "wrong content",
        "a read returned other content than was stored",
    ),
    layout.FAULT_FROM_ZERO: (
        "reference from zero",
        "get_page took a reference of a page that had none left and is being freed",
    ),
    layout.FAULT_STALE_HEADER: (
        "stale header",
        "zbud_unmap looked the page up before it locked, and the page moved in between: it now "
        "writes to the old header",
    ),
    layout.FAULT_EMPTIED: (
        "emptied page moved",
        "both objects left between the test of page_count and the lock, so a page on no list was "
        "migrated, and list_replace worked on dead links",
    ),
    layout.FAULT_TWO_LISTS: (
        "one page on two lists",
        "a second compaction isolated a page that the first already had, which corrupts the "
        "list of the first",
    ),
    layout.FAULT_REFERENCES: (
        "wrong references at the end",
        "when all had finished, a page had more or fewer references than handles, or was locked",
    ),
    layout.FAULT_POOL: (
        "broken invariant",
        "lists, handles or counts of the pool contradict each other",
    ),
    layout.FAULT_LEAK: (
        "lost frame",
        "when all had finished, a frame was in use that no owner can free",
    ),
    layout.FAULT_ORDER: (
        "order of the lists",
        "the lists end in an order that no run of the actors one after the other gives",
    ),
    layout.FAULT_DEADLOCK: (
        "deadlock",
        "every actor that has not finished waits for a lock of another",
    ),
    layout.FAULT_OVERWRITTEN: (
        "older page over a newer one",
        "writeback wrote an older page of a slot over a newer one on the device",
    ),
    layout.FAULT_LOCK: (
        "unlocked page changed",
        "a page was migrated without its lock",
    ),
    layout.FAULT_ENTRIES: (
        "wrong entries at the end",
        "when all had finished, zswap's entries, trees and counters contradicted each other",
    ),
    layout.FAULT_LOST_UPDATE: (
        "lost update",
        "between this processor's read and its write another one wrote, and that write is lost",
    ),
    layout.FAULT_ENTRY: (
        "entry used after it was freed",
        "an entry of zswap was used when it had no user any more",
    ),
}
