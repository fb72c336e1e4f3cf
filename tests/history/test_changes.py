"""Changed fields are named with their values before and after."""

import numpy as np

from zbudlab.history.changes import Moment, changes


class TestChanges:
    def test_every_changed_field_is_told_with_its_values(self, past):
        for stop in (6, 12, len(past) - 1, len(past)):
            before = Moment(past.machine_at(stop - 1))
            after = Moment(past.machine_at(stop))
            found = changes(before, after)
            told = {(c.array, c.record, c.field): (c.before, c.after) for c in found}
            for array in ("zones", "ptes", "swap_slots", "zswap_entries", "processes"):
                for field in after.arrays[array].dtype.names:
                    old, new = before.arrays[array][field], after.arrays[array][field]
                    if new.ndim > 1:
                        continue
                    for record in np.flatnonzero(old[: len(new)] != new[: len(old)]).tolist():
                        pair = (str(old[record]), str(new[record]))
                        if found.total == len(found):
                            assert told[array, record, field] == pair

    def test_nothing_changed_is_nothing_told(self, past):
        moment = Moment(past.machine_at(5))
        assert changes(moment, Moment(past.machine_at(5))).total == 0
