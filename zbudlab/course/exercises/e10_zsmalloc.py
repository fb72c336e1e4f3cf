"""e10_zsmalloc: size classes, places, fullness groups, a page that moves, what compaction takes."""

from zbudlab.course.contract import Ability, Exercise, Rule
from zbudlab.course.exercises import GOLDEN_CHANGED, e10_pools, e10_sizes, e10_traces, why_golden

#: Kernels that the student writes: all functions except the place of an object and the number.
KERNELS = {
    "get_size_class_index": "zsmalloc_class.get_size_class_index",
    "calculate_zspage_chain_size": "zsmalloc_class.calculate_zspage_chain_size",
    "get_fullness_group": "zsmalloc_class.get_fullness_group",
    "find_get_zspage": "zsmalloc.find_get_zspage",
    "zs_malloc": "zsmalloc.zs_malloc",
    "zs_free": "zsmalloc.zs_free",
    "replace_sub_page": "zsmalloc_migrate.replace_sub_page",
    "zs_page_migrate": "zsmalloc_migrate.zs_page_migrate",
    "zs_can_compact": "zsmalloc_class.zs_can_compact",
    "isolate_source": "zsmalloc_compact.isolate_source",
    "isolate_target": "zsmalloc_compact.isolate_target",
}
RECORDS = "e10_zsmalloc.of_records"

RULES = (
    Rule(
        "emptiest-first",
        "In this variant a new object goes into the EMPTIEST zspage that has an object and room, "
        "not the fullest; one without objects, which waits to be freed, comes last, as before.",
        changes=("find_get_zspage",),
        tells={
            "zspage": {
                "title": "finds the zspage for a new object by the changed rule",
                "hints": ("The groups between ZS_EMPTY and ZS_FULL, upwards; then ZS_EMPTY.",),
                "why": "the first zspage of the emptiest group with an object and room, and an "
                "empty one only if there is no other",
            },
            "golden": GOLDEN_CHANGED,
        },
    ),
    Rule(
        e10_sizes.COARSE,
        "In this variant only classes with an EVEN number are used: a size gets the smallest of "
        "them whose place is large enough. Places are then 32, 64, 96 ... bytes.",
        changes=("get_size_class_index", "pages_for_objects"),
        tells={
            "class": {
                "why": "the smallest class with an even number whose place has room for all bytes",
            },
            "golden": GOLDEN_CHANGED,
        },
    ),
)


def pieces_of_object(page_size: int, size: int, index: int) -> list[tuple[int, int, int]]:
    """Return where an object is: (page of its zspage, offset in it, bytes) of each piece."""
    start, pieces = index * size, []
    while size:
        page, offset = divmod(start, page_size)
        count = min(size, page_size - offset)
        pieces.append((page, offset, count))
        start, size = start + count, size - count
    return pieces


EXERCISE = Exercise(
    name="e10_zsmalloc",
    title="zsmalloc: objects without gaps",
    minutes=90,
    needs=("e01_pages", "e04_zbud", "e06_migrate"),
    references={**KERNELS, "pieces_of_object": pieces_of_object, "pages_for_objects": None},
    equivalents={
        "calculate_zspage_chain_size": ("zsmalloc_class.waste_of_chain",),
        "pieces_of_object": ("zsmalloc_object.start_of_object",),
        "find_get_zspage": ("zsmalloc_compact.isolate_target",),
        "zs_malloc": ("zsmalloc.new_object",),
    },
    rules=RULES,
    abilities=(
        Ability(
            "class",
            "finds the class of a size",
            2,
            "basic.call",
            ("get_size_class_index",),
            e10_sizes.shown_sizes,
            e10_sizes.drawn_sizes,
            hints=(
                "Class 0 takes up to 32 bytes. How many bytes are beyond them?",
                "Divide what is beyond by 16, rounded up; the largest class takes the rest.",
            ),
            why=e10_sizes.why_class,
        ),
        Ability(
            "chain",
            "finds how many pages a zspage needs",
            2,
            RECORDS,
            ("calculate_zspage_chain_size",),
            e10_sizes.shown_chains,
            e10_sizes.drawn_chains,
            hints=("k pages leave k * PAGE_SIZE % size bytes at the end. Keep the best k so far.",),
            why=e10_sizes.why_chain,
        ),
        Ability(
            "place",
            "finds the pieces of an object",
            3,
            "basic.call",
            ("pieces_of_object",),
            e10_sizes.shown_pieces,
            e10_sizes.drawn_pieces,
            hints=(
                "Pages of a zspage are one stretch: where in it does the object start?",
                "divmod(start, page_size). How many bytes are left in that page?",
            ),
            why=e10_sizes.why_pieces,
        ),
        Ability(
            "group",
            "finds the fullness group of a zspage",
            2,
            RECORDS,
            ("get_fullness_group",),
            e10_sizes.shown_groups,
            e10_sizes.drawn_groups,
            hints=("Empty and full first. Then whole percent, and whole tens of them.",),
            why=e10_sizes.why_group,
        ),
        Ability(
            "zspage",
            "finds the zspage for a new object",
            2,
            "e10_zsmalloc.found",
            ("find_get_zspage",),
            e10_pools.shown_finds,
            e10_pools.drawn_finds,
            hints=("From the group below ZS_FULL down to ZS_EMPTY.",),
            why="the first zspage of the fullest group with room, and an empty one only if there "
            "is no other",
            shrinks=("before",),
        ),
        Ability(
            "malloc",
            "allocates",
            4,
            "e10_zsmalloc.steps",
            ("zs_malloc",),
            e10_pools.shown_allocations,
            e10_pools.drawn_allocations,
            hints=(
                "In which order: check the size, take a handle, find a zspage, take an object.",
                "What must be given back if there is no page for a new zspage?",
            ),
            why=e10_pools.why_allocation,
            shrinks=("trace",),
        ),
        Ability(
            "free",
            "frees",
            3,
            "e10_zsmalloc.steps",
            ("zs_free",),
            e10_pools.shown_frees,
            e10_pools.drawn_frees,
            hints=("A zspage with an object less may belong to another group, or be empty.",),
            why=e10_pools.why_free,
            shrinks=("trace",),
        ),
        Ability(
            "handles",
            "puts a new frame in place of a page",
            3,
            "e10_zsmalloc.replaced",
            ("replace_sub_page",),
            e10_pools.shown_pages,
            e10_pools.drawn_pages,
            hints=(
                "A handle's place is the frame in which its object STARTS.",
                "The first object that starts in page k has number k * PAGE_SIZE / size, rounded "
                "up. Which is the first of page k + 1?",
            ),
            why="the frame changes in the chain and in the places of the handles whose objects "
            "start in it, and of no others",
            shrinks=("before",),
        ),
        Ability(
            "migrate",
            "moves a page, or says why not",
            3,
            "e10_zsmalloc.moved",
            ("zs_page_migrate",),
            e10_pools.shown_moves,
            e10_pools.drawn_moves,
            hints=(
                "Find out first whether the page may move, and only then change anything.",
                "Which references does a page have that can move? zsmalloc's, and?",
            ),
            why=e10_pools.why_move,
            shrinks=("before",),
        ),
        Ability(
            "gain",
            "counts the pages that compaction could free",
            1,
            RECORDS,
            ("zs_can_compact",),
            e10_sizes.shown_gains,
            e10_sizes.drawn_gains,
            hints=("How many whole zspages would the free objects fill?",),
            why="only whole zspages can be freed, each with all of its pages",
        ),
        Ability(
            "choice",
            "chooses where compaction takes objects from, and where they go",
            3,
            "e10_zsmalloc.found",
            ("isolate_source", "isolate_target"),
            e10_pools.shown_choices,
            e10_pools.drawn_choices,
            hints=("One goes up through the groups, the other down; both leave out two.",),
            why=e10_pools.why_choice,
            shrinks=("before",),
        ),
        Ability(
            "golden",
            "does all that the kernel's code did",
            3,
            "e10_zsmalloc.recorded",
            tuple(KERNELS),
            e10_traces.shown_goldens,
            e10_traces.drawn_traces,
            expected=e10_traces.kernels_answer,
            why=why_golden,
            shrinks=("trace",),
        ),
        Ability(
            "machine",
            "keeps a machine under pressure going, and loses no page",
            3,
            "machines.script",
            tuple(KERNELS),
            e10_traces.shown_pressure,
            e10_traces.drawn_pressure,
            why="no page may be lost: go through the script up to there by hand",
            shrinks=("script",),
        ),
        Ability(
            "pages",
            "counts the pages that your objects take",
            2,
            "basic.value",
            ("pages_for_objects",),
            e10_sizes.pages_question,
            expected=e10_sizes.pages_answer,
            hints=("Class, chain, objects of a zspage, zspages, pages: one after the other.",),
        ),
    ),
)
