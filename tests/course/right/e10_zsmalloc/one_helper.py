"""One helper goes through the groups for all three; the allocation has one way out."""

LOSES = ()


def first_of(mem, size_class, groups):
    return next((zs for zs in (first_zspage(mem, size_class, g) for g in groups) if zs), 0)


def isolated(mem, zs):
    if zs:
        remove_zspage(mem, zs)
    return zs


def find_get_zspage(mem, size_class):
    return first_of(mem, size_class, reversed(range(ZS_EMPTY, ZS_FULL)))


def isolate_source(mem, size_class):
    return isolated(mem, first_of(mem, size_class, range(1, ZS_FULL)))


def isolate_target(mem, size_class):
    return isolated(mem, first_of(mem, size_class, range(ZS_FULL - 1, 0, -1)))


def zs_malloc(mem, number, size, migratetype):
    if not 0 < size <= ZS_MAX_ALLOC_SIZE:
        return -EINVAL if size <= 0 else -ENOSPC
    handle = cache_alloc_handle(mem)
    which = find_size_class(mem, mem.pools[number], size)
    zs = handle and find_get_zspage(mem, mem.size_classes[which])
    fresh = handle and not zs
    if fresh:
        zs = alloc_zspage(mem, number, which, migratetype)
    if not zs:
        if handle:
            cache_free_handle(mem, handle)
        return -ENOMEM
    obj_malloc(mem, zs, mem.size_classes[which], handle)
    if fresh:
        group = get_fullness_group(mem.pools[number], mem.size_classes[which], 1)
        insert_zspage(mem, mem.pools[number], zs, group)
    else:
        fix_fullness_group(mem, mem.pools[number], zs)
    mem.size_classes[which].obj_used += 1
    return handle


def zs_can_compact(size_class):
    zspages, _ = divmod(size_class.obj_allocated - size_class.obj_used, size_class.objs_per_zspage)
    return zspages * size_class.pages_per_zspage
