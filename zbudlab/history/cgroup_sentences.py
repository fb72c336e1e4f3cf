"""Say what the operations on cgroups and on zsmalloc's pool did and why."""

from zbudlab import layout
from zbudlab.history.sentences import Transition, explains, plural


@explains("create_cgroup")
def _create(step: Transition) -> str:
    parent = step.arguments[0]
    above = "the root" if parent == layout.ROOT_CGROUP else f"cgroup {parent}"
    return (
        f"Cgroup {step.result} is created below {above}, without a limit: zswap keeps its pages on "
        "a list of their own."
    )


@explains("attach")
def _attach(step: Transition) -> str:
    process, cgroup = step.arguments
    return (
        f"Process {process} belongs to cgroup {cgroup} from now on, which is charged for what "
        "zswap stores of it."
    )


@explains("set_zswap_max")
def _set_max(step: Transition) -> str:
    cgroup, pages = step.arguments
    if pages == layout.NO_LIMIT:
        return f"Cgroup {cgroup} may have any number of bytes in zswap."
    current = int(step.after.cgroups["zswap_bytes"][cgroup])
    return (
        f"Cgroup {cgroup} may have {plural(pages)} of compressed bytes in zswap (memory.zswap.max);"
        f" it has {current} bytes. At the limit zswap first writes some of its pages back."
    )


@explains("set_zswap_writeback")
def _set_writeback(step: Transition) -> str:
    cgroup, allowed = step.arguments
    if allowed:
        return f"Pages of cgroup {cgroup} may go to the swap device again."
    return (
        f"Pages of cgroup {cgroup} no longer go to the swap device: zswap writes none of them back,"
        " and those that it refuses stay in memory."
    )


@explains("compact_pool")
def _compact_pool(step: Transition) -> str:
    return (
        f"zsmalloc moves objects from zspages with few into others of the same class, which frees "
        f"{plural(step.result)}. Their handles stay the same."
    )
