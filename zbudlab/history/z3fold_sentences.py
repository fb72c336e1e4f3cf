"""Say what each function of z3fold inside an operation did and why."""

from zbudlab import layout
from zbudlab.history.sentences import Transition, explains, plural

MOVING = {"z3fold_migrate.move_header": "replace places"}
OTHERS = {
    "z3fold_pool.find_unbuddied": "find a page with room",
    "z3fold_pool.init_z3fold_page": "fresh page",
    "z3fold_page.put_object": "place an object",
    "z3fold.z3fold_clear_buddy": "free an object",
    "z3fold_compact.do_compact_page": "compact a page",
    "z3fold_pool.release_z3fold_page": "release a page",
}
NAMES = ("only", "first", "middle", "last")


def _frame(step: Transition, record: int) -> int:
    """Return the frame of a page, given its record."""
    return int(step.before.z3folds["pfn"][record] or step.after.z3folds["pfn"][record])


@explains("find_unbuddied")
def _find(step: Transition) -> str:
    chunks = step.numbers["chunks"]
    if not step.result:
        return f"No page has {plural(chunks, 'free chunk')} together that can be used now."
    return (
        f"Frame {_frame(step, step.result)} is the first page of the list with the fewest free "
        f"chunks that are enough for {chunks}. Pages that wait for work are passed over."
    )


@explains("init_z3fold_page")
def _fresh(step: Transition) -> str:
    if not step.result:
        return "There is no free frame for another page."
    pfn = int(step.after.z3folds["pfn"][step.result])
    return f"Frame {pfn} becomes a page of the pool, with 62 chunks for objects."


@explains("put_object")
def _put(step: Transition) -> str:
    buddy, chunks = step.numbers["buddy"], step.numbers["chunks"]
    start = int(step.after.z3folds["start_middle"][step.numbers["record"]])
    where = f", from chunk {start} on" if buddy == layout.Z3FOLD_MIDDLE else ""
    return (
        f"The object of {plural(chunks, 'chunk')} becomes the {NAMES[buddy]} one of frame "
        f"{_frame(step, step.numbers['record'])}{where}."
    )


@explains("z3fold_clear_buddy")
def _clear(step: Transition) -> str:
    buddy = step.numbers["place"] & layout.Z3FOLD_BUDDY_MASK
    pfn = step.numbers["place"] >> layout.OBJ_INDEX_BITS
    foreign = " It had come from another page." * bool(
        step.numbers["place"] & layout.Z3FOLD_FOREIGN
    )
    return f"The {NAMES[buddy]} object of frame {pfn} is free.{foreign}"


@explains("do_compact_page")
def _compact(step: Transition) -> str:
    record, (before, after) = step.numbers["record"], (step.before.z3folds, step.after.z3folds)
    pfn = _frame(step, record)
    if after["page_state"][record] & layout.Z3FOLD_STALE:
        moved = before["chunks"][record].any()
        why = "gave its last object to another page" if moved else "has no object left"
        return f"Frame {pfn} {why}, so it is released."
    if after["page_state"][record] & layout.Z3FOLD_CLAIMED:
        return f"Frame {pfn} is claimed, so nothing in it moves and it goes on no list."
    same = (before["chunks"][record] == after["chunks"][record]).all()
    if same and before["start_middle"][record] == after["start_middle"][record]:
        return f"Nothing in frame {pfn} has to move. It goes on the list of its free chunks."
    return f"The middle object of frame {pfn} moves aside, so that its free chunks are together."


@explains("release_z3fold_page")
def _release(step: Transition) -> str:
    pfn = _frame(step, step.numbers["record"])
    return f"Frame {pfn} leaves the pool. The release work will free it."


@explains("move_header")
def _replace(step: Transition) -> str:
    moved = int((step.before.handles != step.after.handles).sum())
    return (
        f"The page is in frame {step.numbers['new']} now, and so are its objects: "
        f"{plural(moved, 'handle')} changed. 6.1 leaves the page claimed, so it takes no more "
        "objects and does not move again."
    )
