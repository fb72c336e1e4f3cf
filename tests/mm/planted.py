"""The form of a check's tests: each of its faults is planted in a pool, and found there."""

from zbudlab.mm import inspection


class Planted:
    """Tests of a check. A subclass has its module, what is planted, and a fixture `engine`.

    check: the module. plants: (plant, code) pairs; `plant(engine)` breaks one thing and returns
    where the check should find a fault of that code.
    """

    check = None
    plants = ()

    def test_the_first_fault_is_what_was_planted(self, engine, plant):
        break_it, code = plant
        assert self.check.first_fault(engine.state.mem, 0) == (0, 0)
        where = break_it(engine)
        assert self.check.first_fault(engine.state.mem, 0) == (code, where)
        assert inspection.first_fault(engine.state) is not None

    def test_each_fault_can_be_found(self):
        assert {code for _, code in self.plants} == set(range(1, len(self.check.FAULTS)))
