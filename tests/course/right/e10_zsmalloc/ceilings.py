"""Rounds up by the negative, picks by min, and cuts pieces in a loop."""

LOSES = ()


def get_size_class_index(size):
    above = -(-(size - ZS_MIN_ALLOC_SIZE) // ZS_SIZE_CLASS_DELTA)
    return sorted((0, above, ZS_SIZE_CLASSES - 1))[1]


def calculate_zspage_chain_size(pool, size):
    return min(range(1, pool.chain_size + 1), key=lambda pages: pages * PAGE_SIZE % size)


def pieces_of_object(page_size, size, index):
    pieces, at, end = [], index * size, (index + 1) * size
    while at < end:
        stop = min(end, (at // page_size + 1) * page_size)
        pieces.append([at // page_size, at % page_size, stop - at])
        at = stop
    return pieces


def get_fullness_group(pool, size_class, inuse):
    objects = int(size_class.objs_per_zspage)
    return {0: ZS_EMPTY, objects: ZS_FULL}.get(int(inuse), 1 + inuse * 100 // objects // 10)


def replace_sub_page(mem, zs, new, old):
    zspage = mem.zspages[zs]
    which = mem.size_classes[zspage.size_class]
    at, size = page_of_chain(mem, zs, old), which.object_size
    first, end = (-(-page * PAGE_SIZE // size) for page in (at, at + 1))
    zspage.chain[at] = new
    for index in range(first, min(end, which.objs_per_zspage)):
        handle = handle_in_word(int(mem.objects[int(zspage.first_object) + index]))
        if handle != 0:
            mem.handles[handle] = location_to_obj(new, index)


def pages_for_objects():
    objects = number("e10_zsmalloc", "objects", STUDENT, 100, 999)
    size = 16 * number("e10_zsmalloc", "bytes", STUDENT, 6, 40) - 4 + 8
    place = max(32, -(-size // 16) * 16)
    waste, pages = min((pages * 4096 % place, pages) for pages in range(1, 9))
    each = (pages * 4096 - waste) // place
    return pages * ((objects + each - 1) // each)
