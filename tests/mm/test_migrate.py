"""A single zbud page moves on request."""

from zbudlab import layout
from zbudlab.mm import migrate, zbud


def test_a_single_zbud_page_moves_by_request(lab):
    lab.state.reserve_nodes(1)
    handle = zbud.zbud_alloc(lab.state.mem, 0, 100, layout.MIGRATE_MOVABLE)
    lab.state.zone["fail_page_alloc"] = 1
    assert migrate.migrate_pool_page(lab.state.mem, 0) == -layout.ENOMEM
    zbud.zbud_map(lab.state.mem, 0, handle)
    assert migrate.migrate_pool_page(lab.state.mem, 0) == -layout.EAGAIN
    zbud.zbud_unmap(lab.state.mem, 0, handle)
    assert migrate.migrate_pool_page(lab.state.mem, 0) == 0
    assert zbud.zbud_map(lab.state.mem, 0, handle) >> layout.NCHUNKS_ORDER != 0
