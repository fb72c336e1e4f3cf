"""One process larger than memory."""

from zbudlab.lessons import pressed


class TestPressed:
    def test_every_page_is_somewhere(self):
        machine, process = pressed.pressed("mixed", 900, 20, frames=512)
        where = pressed.used_again(machine, process, 100)
        assert where.memory + where.zswap + where.device == 900
        assert 0 < where.from_device <= where.faults <= 100

    def test_lengths_are_the_compressors(self):
        assert set(pressed.lengths_of("random", 4)) == {4097}
        assert max(pressed.lengths_of("zero", 4)) < 64
