"""Say what each function of zsmalloc inside an operation did and why."""

from zbudlab import layout
from zbudlab.history.sentences import Transition, explains, plural

MOVING = {"zsmalloc_migrate.replace_sub_page": "replace places"}
OTHERS = {
    "zsmalloc.find_get_zspage": "find a zspage",
    "zsmalloc.alloc_zspage": "fresh zspage",
    "zsmalloc_object.obj_malloc": "take an object",
    "zsmalloc_object.obj_free": "free an object",
    "zsmalloc.fix_fullness_group": "group",
    "zsmalloc.free_zspage_pages": "free a zspage",
}


def _class_of(step: Transition, zs: int) -> tuple[int, int, int]:
    """Return the size of a zspage's objects, how many it can have, and its pages."""
    which = int(step.after.zspages["size_class"][zs])
    record = step.after.size_classes[which]
    names = ("object_size", "objs_per_zspage", "pages_per_zspage")
    size, objects, pages = (int(record[name]) for name in names)
    return size, objects, pages


def _fullness(step: Transition, zs: int) -> str:
    """Return how many of a zspage's objects are allocated, in words."""
    return f"{int(step.after.zspages['inuse'][zs])} of {plural(_class_of(step, zs)[1], 'object')}"


@explains("find_get_zspage")
def _find(step: Transition) -> str:
    if not step.result:
        return "No zspage of the class has room, so a new one is needed."
    return (
        f"Zspage {step.result} is the first of the fullest group that has room: it has "
        f"{_fullness(step, step.result)}. So the emptier ones can become empty."
    )


@explains("alloc_zspage")
def _fresh(step: Transition) -> str:
    if not step.result:
        return "There are not enough free frames for another zspage."
    size, objects, pages = _class_of(step, step.result)
    frames = step.after.zspages["chain"][step.result][:pages].tolist()
    return (
        f"Zspage {step.result} is a chain of {plural(pages)} ({', '.join(map(str, frames))}) with "
        f"room for {plural(objects, 'object')} of {size} bytes."
    )


@explains("obj_malloc")
def _take(step: Transition) -> str:
    zs, handle = step.numbers["zs"], step.numbers["handle"]
    pfn = int(step.after.handles[handle]) >> layout.OBJ_INDEX_BITS
    return (
        f"Handle {handle} gets object {step.result} of zspage {zs}, which starts in frame {pfn}. "
        f"The object freed last is taken first; the zspage has {_fullness(step, zs)} now."
    )


@explains("obj_free")
def _free(step: Transition) -> str:
    zs = step.numbers["zs"]
    return (
        f"Object {step.numbers['index']} of zspage {zs} is free and will be the next one taken "
        f"from it; the zspage has {_fullness(step, zs)} now."
    )


@explains("fix_fullness_group")
def _group(step: Transition) -> str:
    zs = step.numbers["zs"]
    before, after = (int(moment.zspages["group"][zs]) for moment in (step.before, step.after))
    if before == after:
        return f"Zspage {zs} stays in group {after} and keeps its place on the list."
    return f"Zspage {zs} moves from the list of group {before} to that of group {after}."


@explains("free_zspage_pages")
def _free_zspage(step: Transition) -> str:
    pages = int(step.before.pools["pages_nr"].sum()) - int(step.after.pools["pages_nr"].sum())
    return f"Zspage {step.numbers['zs']} is empty, so the pool has {plural(pages)} less."


@explains("replace_sub_page")
def _replace(step: Transition) -> str:
    zs, new, old = (step.numbers[name] for name in ("zs", "new", "old"))
    moved = int((step.before.handles != step.after.handles).sum())
    return (
        f"Frame {new} takes the place of frame {old} in the chain of zspage {zs}. The handles of "
        f"objects that start there ({moved}) point to it now; their owners notice nothing."
    )
