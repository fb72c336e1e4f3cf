"""Counts before it changes, asks in nested ifs, and builds on functions written before."""

LOSES = ()


def zs_free(mem, number, handle):
    place, answer = handle_to_obj(mem, number, handle), -ENOENT
    if place >= 0:
        zs = get_zspage(mem, obj_pfn(place))
        mem.size_classes[mem.zspages[zs].size_class].obj_used -= 1
        obj_free(mem, zs, obj_index(place))
        cache_free_handle(mem, handle)
        fix_fullness_group(mem, mem.pools[number], zs)
        if mem.zspages[zs].inuse == 0:
            free_zspage(mem, number, zs)
        answer = 0
    return answer


def zs_page_migrate(mem, new, old):
    zs, answer = get_zspage(mem, old), 0
    if zs:
        if mem.pages[old].refcount != 2:
            answer = -EAGAIN
        elif mem.zspages[zs].readers > 0:
            answer = -EBUSY
        else:
            replace_sub_page(mem, zs, new, old)
            mem.frames[new] = mem.frames[old]
            mem.pages[old].refcount -= 1
            mem.pages[new].refcount += 1
    if answer == 0:
        join_pool(mem, new, old)
        mem.pages[old].index = 0
    return answer


def isolate_target(mem, size_class):
    zs = find_get_zspage(mem, size_class)
    if zs == 0 or mem.zspages[zs].inuse == 0:
        return 0
    remove_zspage(mem, zs)
    return zs


def calculate_zspage_chain_size(pool, size):
    found = int(pool.chain_size)
    for pages in range(found - 1, 0, -1):
        if pages * PAGE_SIZE % size <= found * PAGE_SIZE % size:
            found = pages
    return found
