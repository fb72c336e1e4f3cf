/* One zbud page with two objects, and processors that use, free and move it: a model for Spin of
   what the explorer runs on the real kernels. Each option of the loop is one step under one lock.
   A step that is a fault leaves the state as it is, so that states can be compared.

   -D options: USERS (0 to 2, both of object 0), FREES (0 to 2, of objects 0 and 1), PASSES,
   ISOLATE_TWO_STEPS, UNMAP_TWO_STEPS, MENDED, UNCOUNTED (migration tests no references),
   TWO_COMPACTIONS (only with MENDED, where never more than one of them has the page: without the
   mark they also need each other's lists and targets). Without MENDED it is the series as posted. */

#define DONE 9
#define HANDLES (tree[0] + tree[1])
#define USES(user) (user == 1 || user == 2)

#if USERS < 1
#define USER_0 DONE
#else
#define USER_0 0
#endif
#if USERS < 2
#define USER_1 DONE
#else
#define USER_1 0
#endif
#if FREES < 1
#define FREE_0 DONE
#else
#define FREE_0 0
#endif
#if FREES < 2
#define FREE_1 DONE
#else
#define FREE_1 0
#endif

#ifdef TWO_COMPACTIONS
#define COMPACT_1 0
#else
#define COMPACT_1 DONE
#endif

byte user_0 = USER_0;    /* 0 map, 1 read, 2 unmap, 3 the rest of unmap, DONE */
byte user_1 = USER_1;
byte seen_0;             /* the page that unmap looked up, + 1 */
byte seen_1;
byte free_0 = FREE_0;    /* 0 or DONE */
byte free_1 = FREE_1;
byte compact = 0;        /* 0 look, 1 get, 2 allocate, 3 count, 4 lock, 5 migrate, 6 unlock, 7, 8 put */
byte compact_1 = COMPACT_1;
byte outcome;            /* 0 moved, 1 must stay, 2 freed meanwhile */
byte tries;
bit isolated;            /* the mark of an isolated page, with MENDED */
byte page;               /* where the objects are, or were last: 0 the old page, 1 the new one */
byte old_references = 2;
byte new_references;
bit tree[2] = 1;         /* the handle is in the tree */
byte mapped[2] = 1;      /* the object's map count, the owner's 1 included */
byte left_behind;        /* which list the old page was on, until its lock is released */

inline get_page(which)
{
    if
    :: which == 0 -> old_references++
    :: else -> new_references++
    fi
}

inline put_page(which)
{
    if
    :: which == 0 -> old_references--
    :: else -> new_references--
    fi
}

inline free_object(object)
{
    tree[object] = 0;
    mapped[object] = 0;
    put_page(page)
}

inline free_handle(object)
{
    if
    :: !tree[object]
    :: tree[object] && mapped[object] > 1 ->
        mapped[object]--;
#ifndef MENDED
        put_page(page);
#endif
    :: tree[object] && mapped[object] == 1 -> free_object(object)
    fi
}

inline unmap(user, seen)
{
    if
    :: mapped[0] == 1 ->
        free_object(0);
#ifdef MENDED
        put_page(page);
#endif
    :: else ->
        mapped[0]--;
        put_page(page)
    fi;
    user = DONE;
    seen = 0
}

inline use(user, seen)
{
    if
    :: user == 0 && !tree[0] -> user = DONE
    :: user == 0 && tree[0] ->
        get_page(page);
        mapped[0]++;
        user = 1
    :: user == 1 -> user = 2
    :: user == 2 ->
#ifdef UNMAP_TWO_STEPS
        seen = page + 1;
        user = 3
#else
        unmap(user, seen)
#endif
    :: user == 3 && seen != page + 1 -> assert(false)
    :: user == 3 && seen == page + 1 -> unmap(user, seen)
    fi
}

inline isolate(compact)
{
    if
    :: old_references == 0 ->
#ifdef MENDED
        compact = DONE
#else
        assert(false)
#endif
    :: old_references > 0 && isolated -> compact = DONE
    :: old_references > 0 && !isolated ->
#ifdef MENDED
        isolated = 1;
#endif
        old_references++;
        compact = 2
    fi
}

inline look(compact)
{
    if
    :: old_references == 0 -> compact = DONE
    :: else ->
#ifdef ISOLATE_TWO_STEPS
        compact = 1
#else
        isolate(compact)
#endif
    fi
}

inline move(compact)
{
    if
#ifdef UNCOUNTED
#define EXPECTED true
#else
#define EXPECTED (old_references == 1 + HANDLES)
    :: !EXPECTED -> outcome = 1; compact = 6
#endif
    :: EXPECTED && HANDLES == 0 ->
#ifdef MENDED
        outcome = 1;
        compact = 6
#else
        assert(false)
#endif
    :: EXPECTED && HANDLES > 0 ->
        if
        :: (USES(user_0) || USES(user_1)) -> assert(false)
        :: else ->
            left_behind = 1 + tree[0] + 2 * tree[1];
            old_references = old_references - HANDLES;
            new_references = new_references + HANDLES;
            page = 1;
            compact = 6
        fi
    fi
}

inline first_put(compact)
{
    if
    :: outcome == 1 ->
        put_page(1);
        tries++;
        if
        :: tries < PASSES -> compact = 2; outcome = 0
        :: else -> compact = 8
        fi
    :: else -> put_page(0); isolated = 0; compact = 8
    fi
}

inline second_put(compact)
{
    if
    :: outcome == 1 -> put_page(0); isolated = 0
    :: else -> put_page(1)
    fi;
    compact = DONE;
    outcome = 0;
    tries = 0
}

inline step(compact)
{
    if
    :: compact == 0 -> look(compact)
    :: compact == 1 -> isolate(compact)
    :: compact == 2 -> new_references++; compact = 3
    :: compact == 3 && old_references == 1 -> outcome = 2; compact = 7
    :: compact == 3 && old_references != 1 -> compact = 4
    :: compact == 4 -> compact = 5
    :: compact == 5 -> move(compact)
    :: compact == 6 -> left_behind = 0; compact = 7
    :: compact == 7 -> first_put(compact)
    :: compact == 8 -> second_put(compact)
    fi
}

active proctype processors()
{
end:
    do
    :: d_step { user_0 != DONE -> use(user_0, seen_0) }
    :: d_step { user_1 != DONE -> use(user_1, seen_1) }
    :: d_step { free_0 != DONE -> free_handle(0); free_0 = DONE }
    :: d_step { free_1 != DONE -> free_handle(1); free_1 = DONE }
    :: d_step { compact != DONE -> step(compact) }
    :: d_step { compact_1 != DONE -> step(compact_1) }
    od
}
