"""Kernel versions as named rules: what one version of zswap does and another does not.

A profile is a record of rules, one for each decision that differs between versions. Compiled code
reads the rules as fields of the `layout.zswap` record, which is generated from the fields here;
ordinary code reads the record itself. Nothing outside this file compares a version or the name of
a profile, so a kernel that combines existing rules is one more entry in PROFILES.
"""

from dataclasses import dataclass, fields, replace


@dataclass(frozen=True)
class Profile:
    """The rules of one kernel version. Every rule is a bool, or a small whole number.

    Pools
        shared_pool: all swap areas share one pool. Otherwise each area has a pool.
            Source: mm/zswap.c, zswap_pool_create (v6.1); zswap_frontswap_init (v3.12.9).
        stale_size_after_swapoff: swapping an area off leaves the pool's size in the counters as
            it was. Source: mm/zswap.c, zswap_frontswap_invalidate_area (v3.12.9).

    Store
        invalidate_before_store: a slot's older copy is dropped before its new page is offered,
            whether or not the new page is then taken.
            Source: mm/frontswap.c, __frontswap_store (v6.1).
        same_filled: a page that repeats one word is kept as that word and needs no object in the
            pool. Source: mm/zswap.c, zswap_is_page_same_filled (v6.1).
        one_page_of_room: a compressor gets PAGE_SIZE bytes for its output and fails beyond that.
            Otherwise it gets two pages, and the allocator refuses what is too long.
            Source: mm/zswap.c, zswap_frontswap_store (v6.1, v3.12.9).
        accept_threshold: a pool that was full refuses pages until it has shrunk to
            accept_threshold_percent of its limit.
            Source: mm/zswap.c, zswap_can_accept (v6.1).
        refuse_after_reclaim: a page that finds the pool full starts reclaim and is refused.
            Otherwise it waits for reclaim, and is stored if that succeeds.
            Source: mm/zswap.c, zswap_frontswap_store (v6.1, v3.12.9).
        drop_stale_on_refusal: a refused page's slot also loses its older copy. A profile with
            neither this rule nor invalidate_before_store can later write the older copy over the
            newer page on the device. Source: the fix to v3.12.9 that the lab calls 3.12-fixed.

    Free
        swap_slots_cache: freed slots are collected, and zswap keeps their pages, until another
            slot is freed while 64 are waiting. Source: mm/swap_slots.c, free_swap_slot (v6.1).

    Writeback
        check_tree_before_writeback: an entry that left the tree while its page of the swap cache
            was allocated is not written. Source: mm/zswap.c, zswap_writeback_entry (v6.1).
        check_tree_after_writeback: a writeback drops the tree's reference only if the entry is
            still in the tree, and always reports success. Otherwise it drops the reference
            unseen, and reports -EAGAIN if a reader still holds the entry.
            Source: mm/zswap.c, zswap_writeback_entry (v6.1, v3.12.9).
        fail_freed_as_success: a failed writeback whose entry was freed meanwhile reports success.
            Source: mm/zswap.c, zswap_writeback_entry, label fail (v3.12.9).
        ignore_write_error: an entry is dropped even if the device did not take its page, so the
            page is lost unless it stays in the swap cache. Otherwise the entry stays.
            Source: mm/zswap.c, zswap_writeback_entry (v3.12.9, v6.1).
        swap_cache_keeps_writeback: a page that was written back stays in the swap cache.
            Source: mm/zswap.c, zswap_writeback_entry (v6.1).

    Today: lists, loads, and what does not compress
        own_lru: zswap keeps a list of entries for each cgroup and itself chooses what to write
            back. It stores whole folios, and pools count together. Otherwise the allocator chooses.
            Source: mm/zswap.c, shrink_memcg (v7.3); mm/zbud.c, zbud_reclaim_page (v6.1).
        exclusive_load: a load drops the entry, so that the page is only in the swap cache.
            Source: mm/zswap.c, zswap_load (v7.3).
        keep_incompressible: a page that does not get shorter is kept as it is, a whole page of the
            pool, unless it could not be written back. Otherwise it is refused.
            Source: mm/zswap.c, zswap_compress (v7.3).
        writeback_batch: entries of a cgroup that the shrink work looks at before it goes on to the
            next cgroup. Source: mm/zswap.c, shrink_memcg (v7.2, v7.3).
        zeromap: swap marks a page of zeros and writes it nowhere, so it never comes to zswap.
            Source: mm/page_io.c, is_folio_zero_filled (v7.3).

    Memory around zswap
        free_scan_stride: the free scanner of compaction, after a pageblock that gave nothing, looks
            only at every 2nd, then every 4th, up to every 32nd frame, until it finds a free page;
            an asynchronous run starts with every 32nd. So it misses free pages at odd frames.
            Source: mm/compaction.c, isolate_freepages (v6.1).
        spares_free_blocks: compaction takes no targets from a free block as large as a pageblock.
            Source: mm/compaction.c, suitable_migration_target (v6.1).
        gives_slabs_back: a slab whose objects are all free goes back to the page allocator. Only
            predictions of kernels' free lists have slabs.
            Source: mm/slub.c, discard_slab (v6.1).

    Moving zbud pages. The series has none of these rules; each mends one of its races.
        keep_page_until_unmap: a buddy freed while mapped keeps its reference of the page until its
            last unmap, so that the page cannot move while an address in it is held. It also makes
            it harmless that the series' unmap looks up its handle before it locks.
        isolate_under_lock: isolation asks under the pool's lock whether the page still is zbud's,
            so that it never takes a reference from a page that is being freed.
        refuse_emptied_page: a page without buddies, which is on no list, is not moved. The series
            moves it all the same.
        mark_isolated: an isolated page carries a mark, so that no second compaction takes it. In
            the series it has none.
    """

    shared_pool: bool = False
    stale_size_after_swapoff: bool = False
    invalidate_before_store: bool = False
    same_filled: bool = False
    one_page_of_room: bool = False
    accept_threshold: bool = False
    refuse_after_reclaim: bool = False
    drop_stale_on_refusal: bool = False
    swap_slots_cache: bool = False
    check_tree_before_writeback: bool = False
    check_tree_after_writeback: bool = False
    fail_freed_as_success: bool = False
    ignore_write_error: bool = False
    swap_cache_keeps_writeback: bool = False
    own_lru: bool = False
    exclusive_load: bool = False
    keep_incompressible: bool = False
    writeback_batch: int = 0
    zeromap: bool = False
    free_scan_stride: bool = False
    spares_free_blocks: bool = False
    gives_slabs_back: bool = False
    keep_page_until_unmap: bool = False
    isolate_under_lock: bool = False
    refuse_emptied_page: bool = False
    mark_isolated: bool = False


@dataclass(frozen=True)
class ZsmallocRules:
    """The rules of zsmalloc in one kernel version. Source of all: mm/zsmalloc.c.

    Size classes
        chain_size: the most pages of a zspage, 4 to 16. Source: ZS_MAX_PAGES_PER_ZSPAGE (v6.1);
            CONFIG_ZSMALLOC_CHAIN_SIZE (v6.12).
        least_waste: a zspage has the number of pages that leaves the fewest bytes unused.
            Otherwise it has the one whose used part is largest, in whole percent. Source:
            calculate_zspage_chain_size (v6.12); get_pages_per_zspage (v6.1).
        too_long_is_enospc: more than a page is refused with ENOSPC, otherwise with EINVAL.
            Source: zs_malloc (v6.12, v6.1).

    Lists
        groups_of_ten_percent: zspages that are neither empty nor full are in ten groups.
            Otherwise they are in two, up to three quarters and above. Source: get_fullness_group
            (v6.12, v6.1).
        emptier_goes_second: a zspage with fewer objects than the first of its new list becomes the
            second. Otherwise each becomes the first. Source: insert_zspage (v6.1, v6.12).

    Moving
        destination_first: compaction fills one destination from the emptiest zspages, and asks
            what it can gain before each of them. Otherwise it empties one source into the fullest
            zspages, and asks only before each source. Source: __zs_compact (v6.12, v6.1).
        busy_when_read: a page whose zspage is being read answers -EBUSY to migration. Otherwise
            migration waits, for which the lab answers -EAGAIN. Source: zs_page_migrate (v7.2,
            v6.1).
    """

    chain_size: int = 4
    least_waste: bool = False
    too_long_is_enospc: bool = False
    groups_of_ten_percent: bool = False
    emptier_goes_second: bool = False
    destination_first: bool = False
    busy_when_read: bool = False


#: The names of zsmalloc's rules, which are also fields of `layout.zbud_pool`.
ZSMALLOC_RULES = tuple(field.name for field in fields(ZsmallocRules))

_ZSMALLOC_6_12 = ZsmallocRules(
    chain_size=8,
    least_waste=True,
    too_long_is_enospc=True,
    groups_of_ten_percent=True,
    destination_first=True,
)

#: zsmalloc's rules by kernel version.
ZSMALLOC = {
    "6.1": ZsmallocRules(emptier_goes_second=True),
    "6.12": _ZSMALLOC_6_12,
    "7.2": replace(_ZSMALLOC_6_12, busy_when_read=True),
    "7.3": replace(_ZSMALLOC_6_12, busy_when_read=True),
}

#: The names of the rules, which are also fields of `layout.zswap`.
RULES = tuple(field.name for field in fields(Profile))

_7_2 = Profile(
    shared_pool=True,
    one_page_of_room=True,
    accept_threshold=True,
    refuse_after_reclaim=True,
    drop_stale_on_refusal=True,
    check_tree_before_writeback=True,
    check_tree_after_writeback=True,
    ignore_write_error=True,
    free_scan_stride=True,
    spares_free_blocks=True,
    gives_slabs_back=True,
    own_lru=True,
    exclusive_load=True,
    keep_incompressible=True,
    writeback_batch=1,
    zeromap=True,
)

#: The kernel versions by name; the first is the default.
PROFILES = {
    "3.12-fixed": Profile(
        stale_size_after_swapoff=True,
        fail_freed_as_success=True,
        drop_stale_on_refusal=True,
    ),
    "3.12": Profile(
        stale_size_after_swapoff=True,
        fail_freed_as_success=True,
        ignore_write_error=True,
    ),
    "6.1": Profile(
        shared_pool=True,
        invalidate_before_store=True,
        same_filled=True,
        one_page_of_room=True,
        accept_threshold=True,
        refuse_after_reclaim=True,
        swap_slots_cache=True,
        check_tree_before_writeback=True,
        check_tree_after_writeback=True,
        ignore_write_error=True,
        swap_cache_keeps_writeback=True,
        free_scan_stride=True,
        spares_free_blocks=True,
        gives_slabs_back=True,
    ),
    "7.2": _7_2,
    "7.3": replace(_7_2, writeback_batch=32),
}
#: The series is for 3.12, and has its rules; mended, it also has those that close its races.
PROFILES["v2"] = PROFILES["3.12"]
PROFILES["v2-mended"] = replace(
    PROFILES["3.12-fixed"],
    keep_page_until_unmap=True,
    isolate_under_lock=True,
    refuse_emptied_page=True,
    mark_isolated=True,
)

#: The kernels whose zswap has its own lists of entries.
OWN_LRU = {name: rules for name, rules in PROFILES.items() if rules.own_lru}

DEFAULT = next(iter(PROFILES))


def rules_of(name: str) -> Profile:
    """Return the rules of the profile `name`. Raise ValueError if there is no such profile."""
    if name not in PROFILES:
        raise ValueError(f"profile must be one of {', '.join(PROFILES)}, not {name!r}")
    return PROFILES[name]


def zsmalloc_rules(version: str, chain_size: int | None = None) -> ZsmallocRules:
    """Return zsmalloc's rules in a kernel version, with another chain size if one is given.

    Raise ValueError for a version without zsmalloc, or a chain size that no kernel offers.
    """
    if version not in ZSMALLOC:
        raise ValueError(f"zsmalloc's rules are known for {', '.join(ZSMALLOC)}, not {version!r}")
    if chain_size is None:
        return ZSMALLOC[version]
    if not 4 <= chain_size <= 16:
        raise ValueError(f"the chain size must be 4 to 16 pages, not {chain_size}")
    return replace(ZSMALLOC[version], chain_size=chain_size)


#: Profiles of kernels without zbud and z3fold, which left Linux in 6.15; all others have zbud.
WITHOUT_ZBUD = ("7.2", "7.3")
#: Profiles of kernels with z3fold: it came with 4.8.
WITH_Z3FOLD = ("6.1", "6.12")
ALLOCATORS = ("zbud", "z3fold", "zsmalloc")


def allocators_of(profile: str) -> tuple[str, ...]:
    """Return the allocators that a profile's zswap can use, the usual one first.

    Source: mm/zpool.c, which lets zswap choose, came with v3.17.
    """
    zbud = profile not in WITHOUT_ZBUD
    has = {"zbud": zbud, "z3fold": profile in WITH_Z3FOLD, "zsmalloc": profile in ZSMALLOC}
    return tuple(name for name in ALLOCATORS if has[name])


def zpool_refusal(profile: str, zpool: str) -> str | None:
    """Return why a profile's zswap cannot use an allocator, one of ALLOCATORS; None = it can."""
    if zpool in (there := allocators_of(profile)):
        return None
    able = [name for name in PROFILES if zpool in allocators_of(name)]
    if profile in WITHOUT_ZBUD:
        why = f"{zpool} left Linux in 6.15"
    else:
        why = f"it has {' and '.join(there)}"
    needed = f"zpool={zpool!r} needs one of the profiles {', '.join(able)}"
    return (
        f"zswap of {profile} has no {zpool}: {why}. {needed}, or thought_experiment=True for a "
        "machine that no kernel had"
    )


def todays_profile() -> str:
    """Return the profile of the newest kernel, which has zsmalloc."""
    return [name for name in PROFILES if name in ZSMALLOC][-1]


def is_todays(profile: str) -> bool:
    """Return whether this is the profile of the newest kernel that machines have."""
    return profile == todays_profile()
